// Signing in through a provider of identities: `noroshi serve` beside a real provider (oidc-provider), in a real browser.
import { execFile, spawn } from "node:child_process";
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Provider as Oidc } from "oidc-provider";
import { audit, check, pictures } from "./page.mjs";

const READY_MS_MAX = 60_000;
const STOP_MS_MAX = 10_000;

const ORGANISATIONS = `organisations:
  - { key: shore, name_ja: 海岸庁, name_en: Shore Agency, kind: agency }
`;

// Whom the provider knows, with the groups they are in; the tests move people between groups.
const people = new Map([
  ["hanako", { name: "認証 花子", email: "hanako@shore.example", email_verified: true, groups: ["shore-csirt", "choir"] }],
  ["taro", { name: "認証 太郎", email: "taro@shore.example", email_verified: true, groups: [] }],
]);

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

// An authority of our own, and a certificate of it for the loopback address.
async function certificates(folder) {
  const openssl = async (name, ...args) => {
    const files = ["-keyout", join(folder, `${name}.key`), "-out", join(folder, `${name}.pem`)];
    const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"];
    const made = await run("openssl", ["req", "-x509", ...key, ...files, ...args]);
    check(made.code === 0, "provider", `openssl: ${made.text}`);
  };
  const ca = ["-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign"];
  await openssl("ca", "-subj", "/CN=authority", ...ca);
  await openssl("stranger", "-subj", "/CN=stranger", ...ca);
  const leaf = ["-addext", "basicConstraints=critical,CA:FALSE", "-addext", "subjectAltName=IP:127.0.0.1"];
  await openssl("house", "-subj", "/CN=house", "-CA", join(folder, "ca.pem"), "-CAkey", join(folder, "ca.key"), ...leaf);
  const read = (name) => readFileSync(join(folder, name));
  return { key: read("house.key"), cert: read("house.pem") };
}

// A provider with one client, over TLS; `stop` ends it.
async function house(tls, secret, redirect) {
  const server = createTlsServer(tls).listen(0, "127.0.0.1");
  await once(server, "listening");
  const issuer = `https://127.0.0.1:${server.address().port}`;
  const key = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({ format: "jwk" });
  const oidc = new Oidc(issuer, {
    clients: [{ client_id: "noroshi", client_secret: secret, redirect_uris: [redirect] }],
    jwks: { keys: [{ ...key, kid: "one", use: "sig", alg: "RS256" }] },
    cookies: { keys: [randomBytes(16).toString("hex")] },
    claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name"], groups: ["groups"] },
    findAccount: (_, id) => people.has(id) && { accountId: id, claims: () => ({ sub: id, ...people.get(id) }) },
    ttl: { AccessToken: 60, AuthorizationCode: 60, IdToken: 60, Grant: 600, Interaction: 600, Session: 600 },
  });
  server.on("request", oidc.callback());
  const stop = () => {
    server.closeAllConnections();
    server.close();
  };
  return { issuer, stop };
}

// A folder with settings and one organisation; gives the settings' path.
async function prepare(program, folder, issuer, secret, port) {
  writeFileSync(join(folder, "organisations.yaml"), ORGANISATIONS);
  writeFileSync(join(folder, "secret"), `${secret}\n`, { mode: 0o600 });
  const config = join(folder, "noroshi.toml");
  writeFileSync(config, `[data]
directory = "data"
[serve]
listen = "127.0.0.1:${port}"
[sign_in.provider]
name_ja = "職員認証基盤"
name_en = "Staff identity"
issuer = "${issuer}"
client_id = "noroshi"
client_secret_file = "secret"
ca_file = "ca.pem"
scopes = ["groups"]
[[sign_in.provider.map]]
group = "shore-csirt"
role = "csirt"
organisation = "shore"
[[sign_in.provider.map]]
group = "watch"
role = "watch_officer"
`);
  const imported = await run(program, ["registry", "import", "--config", config, join(folder, "organisations.yaml")]);
  check(imported.code === 0, "provider", `the registry import ends with ${imported.code}: ${imported.text}`);
  return config;
}

// `noroshi serve`; gives what it says first that fits the pattern, and how to stop it.
async function serve(program, config, pattern) {
  const child = spawn(program, ["serve", "--config", config], { stdio: ["ignore", "pipe", "pipe"] });
  const stop = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill("SIGTERM");
    const timer = setTimeout(() => child.kill("SIGKILL"), STOP_MS_MAX);
    await ended;
    clearTimeout(timer);
  };
  let told = "";
  const said = new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`noroshi serve did not say ${pattern}: ${told}`)), READY_MS_MAX);
    const read = (bytes) => {
      told += bytes;
      const match = told.match(pattern);
      if (match) (clearTimeout(timer), resolve(match[1]));
    };
    child.stdout.on("data", read);
    child.stderr.on("data", read);
    child.on("exit", (code) => reject(new Error(`noroshi serve ended with ${code}: ${told}`)));
  });
  try {
    return { stop, said: await said };
  } catch (error) {
    await stop();
    throw error;
  }
}

function run(program, args) {
  return new Promise((resolve) => {
    execFile(program, args, (error, out, err) => resolve({ code: error ? error.code : 0, text: out + err }));
  });
}

async function newPage(browser) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, locale: "ja-JP", reducedMotion: "reduce", ignoreHTTPSErrors: true });
  // The provider's own pages would like a font from elsewhere.
  await context.route(/^https:\/\/(?!127\.0\.0\.1)/, (route) => route.abort());
  return context.newPage();
}

async function picture(page, name) {
  await audit(page, name);
  await page.screenshot({ path: join(pictures, `${name}.png`), fullPage: true });
}

// From the page of the provider, as somebody, back to us; gives the address it led back to.
async function throughProvider(page, site, login) {
  let returned = "";
  page.on("request", (request) => {
    if (request.url().startsWith(`${site}/sign-in/provider/return`)) returned = request.url();
  });
  await page.locator("input[name=login]").fill(login);
  await page.locator("input[name=password]").fill("anything");
  await page.locator("button[type=submit]").click();
  // Whoever comes for the first time is asked whether we may know this of them.
  const consent = page.locator("input[name=prompt][value=consent]");
  await consent.or(page.locator("main")).first().waitFor({ state: "attached" });
  if (await consent.count()) await page.locator("button[type=submit]").click();
  await page.waitForURL((url) => url.href.startsWith(site));
  return returned;
}

async function signIn(page, site, login) {
  await page.goto(`${site}/sign-in?lang=ja&next=%2Faccount`);
  await page.locator("a[href^='/sign-in/provider']").click();
  await page.locator("input[name=login]").waitFor();
  return throughProvider(page, site, login);
}

const words = (page) => page.locator("main").innerText();

async function firstSignIn(browser, site) {
  const page = await newPage(browser);
  await page.goto(`${site}/sign-in?lang=ja`);
  await picture(page, "sign-in-provider-ja-desktop");
  const returned = await signIn(page, site, "hanako");
  check(page.url() === `${site}/account`, "provider", `the first sign-in leads to ${page.url()}`);
  const own = await words(page);
  for (const word of ["認証 花子", "hanako@shore.example", "海岸庁", "認証基盤"]) check(own.includes(word), "provider", `the new account does not say ${word}`);
  await picture(page, "own-provider-ja-desktop");
  await page.goto(`${site}/account?lang=en`);
  await picture(page, "own-provider-en-desktop");

  // The way back is used up: in this browser, and in any other.
  const stranger = await newPage(browser);
  for (const [one, who] of [[page, "the same browser"], [stranger, "another browser"]]) {
    const again = await one.goto(returned);
    check(again.status() === 400, "provider", `in ${who} the return answers ${again.status()} a second time`);
  }
  check((await words(stranger)).includes("最初からやり直してください"), "provider", "a replay is not told what to do");
  await picture(stranger, "provider-replay-ja-desktop");
  await stranger.context().close();
  return page;
}

async function groupsChange(browser, site, session) {
  people.get("hanako").groups = ["watch"];
  const second = await newPage(browser);
  await signIn(second, site, "hanako");
  const own = await words(second);
  check(own.includes("監視") && !own.includes("海岸庁"), "provider", "the roles are not those of the groups now");
  // The session that began with the old groups has the new rights, too.
  await session.goto(`${site}/account?lang=ja`);
  check(!(await words(session)).includes("海岸庁"), "provider", "an older session keeps the role");
  await second.context().close();

  people.get("hanako").groups = ["choir"];
  const third = await newPage(browser);
  await signIn(third, site, "hanako");
  check((await words(third)).includes("役割が割り当てられていません"), "provider", "somebody without a role is not told so");
  await picture(third, "provider-no-role-ja-desktop");
  await third.goto(`${site}/account`);
  check(third.url().includes("/sign-in"), "provider", "somebody without a role is let in");
  await third.context().close();
}

async function declined(browser, site) {
  const page = await newPage(browser);
  await page.goto(`${site}/sign-in/provider?lang=ja`);
  await page.locator("a[href$='/abort']").click();
  await page.waitForURL((url) => url.href.startsWith(site));
  check((await words(page)).includes("access_denied"), "provider", "a refusal is not told");
  await picture(page, "provider-declined-ja-desktop");
  await page.context().close();
}

async function linking(browser, site, link) {
  const page = await newPage(browser);
  await page.goto(`${site}${link}?lang=ja`);
  await page.locator("#login").fill("keeper@centre.example");
  await page.locator("#name").fill("管理 健");
  await page.locator("#password").fill("かがり火の見張り番 2026");
  await page.locator("main form button").click();
  await page.waitForURL("**/account");
  await page.locator("a[href^='/account/provider']").click();
  await throughProvider(page, site, "taro");
  check(page.url() === `${site}/account`, "provider", `linking leads to ${page.url()}`);
  await page.locator("form[action='/account/provider/remove']").waitFor();
  await page.locator("form[action='/sign-out'] button").click();
  await page.waitForURL("**/sign-in");
  // The provider still knows them: it asks nothing, and they are in.
  await page.goto(`${site}/sign-in?lang=ja&next=%2Faccount`);
  await page.locator("a[href^='/sign-in/provider']").click();
  await page.waitForURL(`${site}/account`);
  const own = await words(page);
  check(own.includes("管理 健") && own.includes("システム管理者"), "provider", "the provider does not open the linked account");
  await page.locator("form[action='/account/provider/remove'] button").click();
  await page.locator("a[href^='/account/provider']").waitFor();
  await page.context().close();
}

// The provider is gone: the program starts without it, and says so to whoever goes there.
async function outage(browser, site) {
  const page = await newPage(browser);
  const answer = await page.goto(`${site}/sign-in/provider?lang=ja`);
  check(answer.status() === 502, "provider", `without a provider the way there answers ${answer.status()}`);
  check((await words(page)).includes("接続できません"), "provider", "an outage is not told");
  await picture(page, "provider-outage-ja-desktop");
  await page.context().close();
}

export async function provider(browser) {
  const program = process.env.NOROSHI_PROGRAM;
  if (!program) return console.log("  provider: skipped, NOROSHI_PROGRAM does not name the program");
  const folder = mkdtempSync(join(tmpdir(), "noroshi-provider-"));
  const secret = `${randomBytes(16).toString("hex")}/+%`;
  const port = await freePort();
  const site = `http://127.0.0.1:${port}`;
  const there = await house(await certificates(folder), secret, `${site}/sign-in/provider/return`);
  let centre;
  try {
    const config = await prepare(program, folder, there.issuer, secret, port);
    const doctor = () => run(program, ["doctor", "--config", config, "--json"]);
    const sound = await doctor();
    check(!sound.text.includes("provider_refused"), "provider", `doctor: ${sound.text}`);
    const strange = join(folder, "strange.toml");
    writeFileSync(strange, readFileSync(config, "utf8").replace('"ca.pem"', '"stranger.pem"'));
    const refused = await run(program, ["doctor", "--config", strange, "--json"]);
    check(refused.text.includes("provider_refused"), "provider", `doctor believes another authority: ${refused.text}`);
    centre = await serve(program, config, /127\.0\.0\.1:\d+(\/invitation\/\S+)/);
    await linking(browser, site, centre.said);
    const session = await firstSignIn(browser, site);
    await groupsChange(browser, site, session);
    await session.context().close();
    await declined(browser, site);
    await centre.stop();
    there.stop();
    centre = await serve(program, config, /(noroshi serves)/);
    await outage(browser, site);
    const missing = await doctor();
    check(missing.text.includes("provider_refused"), "provider", `doctor does not miss the provider: ${missing.text}`);
    const audited = await run(program, ["verify-audit", "--config", config]);
    check(audited.code === 0, "provider", `the audit trail: ${audited.text}`);
  } finally {
    there.stop();
    await centre?.stop();
    rmSync(folder, { recursive: true, force: true });
  }
  console.log("  provider: first sign-in, groups, replay, refusal, linking, outage");
}
