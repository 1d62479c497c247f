// How long signed-in pages take while many people look at them: a registry of 400 organisations, 500,000 people and
// 20,000 assets is made up and imported, the centre is served as `noroshi serve` does, its first administrator and the
// CSIRT of one organisation come in as people do, and then pages are asked for at a steady rate.
//
//   node tests/load/pages.mjs target/release/noroshi
//
// NOROSHI_LOAD_RATE     requests in a second (default 200)
// NOROSHI_LOAD_SECONDS  seconds for each page (default 15)
// NOROSHI_LOAD_PEOPLE   people in the registry (default 500000)
// NOROSHI_LOAD_DATA     a data directory that an earlier run left, used again
import { spawn, spawnSync } from "node:child_process";
import http from "node:http";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { code } from "../browser/totp.mjs";

const program = process.argv[2];
if (!program) {
  console.error("usage: pages.mjs PROGRAM");
  process.exit(2);
}
const rate = Number(process.env.NOROSHI_LOAD_RATE ?? 200);
const seconds = Number(process.env.NOROSHI_LOAD_SECONDS ?? 15);
const people = Number(process.env.NOROSHI_LOAD_PEOPLE ?? 500_000);
const organisations = 400;
const assets = 20_000;
// One file of the registry has so many rows at most.
const rowsMax = 200_000;
const password = "かがり火の見張り番 2026";
const ticksPerSecond = 100;
const comparisons = 500;

function* rows() {
  const key = (number) => `org${number}`;
  for (let number = 0; number < organisations; number += 1) {
    const parent = number < 40 ? "" : key(number % 40);
    yield { record: "organisation", organisation: key(number), name_ja: `第${number}機関`, name_en: `Body ${number}`, kind: number < 40 ? "ministry" : "agency", parent };
  }
  for (let number = 0; number < organisations; number += 1) {
    yield { record: "contact", organisation: key(number), key: "csirt", name_ja: "CSIRT", name_en: "CSIRT", kind: "csirt", channels: `mail:csirt@${key(number)}.example` };
    for (let system = 0; system < 5; system += 1) {
      yield { record: "system", organisation: key(number), key: `s${system}`, name_ja: `第${system}系`, name_en: `System ${system}`, criticality: "high", confidentiality: "1" };
    }
  }
  for (let number = 0; number < assets; number += 1) {
    const place = { organisation: key(number % organisations), system: `s${number % 5}` };
    const [high, low] = [(number >> 8) & 255, number & 255];
    if (number % 4 === 0) yield { record: "network", ...place, value: `10.${high}.${low}.0/24` };
    if (number % 4 === 1) yield { record: "domain", ...place, value: `d${number}.${place.organisation}.example` };
    if (number % 4 === 2) yield { record: "server", ...place, kind: "web", name: `www${number}` };
    if (number % 4 === 3) yield { record: "software", ...place, name: `product${number}`, version: `2.${number % 9}` };
  }
  for (let number = 0; number < people; number += 1) {
    yield { record: "person", organisation: key(number % organisations), key: `p${number}`, name_ja: `職員${number}`, name_en: `Person ${number}`, mail: `p${number}@${key(number % organisations)}.example` };
  }
}

const COLUMNS = ["record", "organisation", "key", "name_ja", "name_en", "kind", "parent", "value", "channels", "criticality", "confidentiality", "system", "name", "version", "mail"];

function fill(data) {
  let lines = [];
  const send = () => {
    const file = `${data}.csv`;
    writeFileSync(file, `${COLUMNS.join(",")}\n${lines.join("\n")}\n`);
    const began = Date.now();
    const done = spawnSync(program, ["registry", "import", "--data", data, file], { encoding: "utf8", maxBuffer: 1 << 28 });
    rmSync(file);
    if (done.status !== 0) throw new Error(`the import ended with ${done.status}: ${done.stderr.slice(-2000)}${done.stdout.slice(-2000)}`);
    console.log(`imported ${lines.length} rows in ${((Date.now() - began) / 1000).toFixed(1)} s`);
    lines = [];
  };
  for (const row of rows()) {
    lines.push(COLUMNS.map((column) => row[column] ?? "").join(","));
    if (lines.length === rowsMax) send();
  }
  if (lines.length) send();
}

async function serve(data) {
  // The API must not send the load away.
  writeFileSync(`${data}.toml`, "[serve]\nrequests_per_minute = 1000000\n");
  const child = spawn(program, ["serve", "--config", `${data}.toml`, "--data", data, "--listen", "127.0.0.1:0"], { env: { ...process.env, NO_COLOR: "1" } });
  let said = "";
  const base = await new Promise((found, fail) => {
    const read = (chunk) => {
      said += chunk;
      const address = said.match(/at (http:\/\/127\.0\.0\.1:\d+)\//);
      if (address && (said.includes("/invitation/") || existsSync(`${data}.cookies`))) found(address[1]);
    };
    child.stdout.on("data", read);
    child.stderr.on("data", read);
    child.on("exit", (status) => fail(new Error(`noroshi serve ended with ${status}: ${said}`)));
  });
  return { child, base, link: said.match(/\/invitation\/\S+/)?.[0] };
}

// A browser without its pictures: keeps its cookies, sends forms, stays where it is led.
class Visitor {
  constructor(base) {
    this.base = base;
    this.cookies = new Map();
  }

  header() {
    return [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
  }

  async ask(path, form) {
    const body = form && new URLSearchParams(form).toString();
    const headers = { cookie: this.header(), origin: this.base, ...(body && { "content-type": "application/x-www-form-urlencoded" }) };
    const answer = await fetch(this.base + path, { method: body === undefined ? "GET" : "POST", headers, body, redirect: "manual" });
    for (const cookie of answer.headers.getSetCookie()) {
      const [, name, value] = cookie.match(/^([^=]+)=([^;]*)/);
      this.cookies.set(name, value);
    }
    const text = await answer.text();
    if (answer.status >= 400) throw new Error(`${path}: status ${answer.status}: ${text.slice(0, 500)}`);
    return text;
  }

  // Accepts an invitation, and sets up an authenticator app, without which the centre's roles do not count.
  async comeIn(link, form) {
    await this.ask(link, { ...form, password });
    const page = await this.ask("/account/codes", {});
    const secret = page.match(/<code class="value">([A-Z2-7\s=]+)</)?.[1];
    if (!secret) throw new Error(`no secret on the page: ${page.slice(0, 500)}`);
    await this.ask("/account/codes/confirm", { code: code(secret, Math.floor(Date.now() / 30_000)) });
  }
}

async function cameIn(base, link, data) {
  const kept = `${data}.cookies`;
  const administrator = new Visitor(base);
  const csirt = new Visitor(base);
  if (existsSync(kept)) {
    const found = JSON.parse(readFileSync(kept));
    administrator.cookies = new Map(found.administrator);
    csirt.cookies = new Map(found.csirt);
    return { administrator, csirt, place: found.place };
  }
  await administrator.comeIn(link, { login: "first@centre.example", name: "管理 健" });
  // The last of the page is one without parts.
  const place = (await administrator.ask("/organisations")).match(/\/organisations\/(org_[0-9a-f]{32})/g).at(-1).split("/")[2];
  const invited = await administrator.ask("/accounts", { login: "csirt@body.example", name: "首都 花子", language: "ja", role: "csirt", organisation: place });
  await csirt.comeIn(invited.match(/\/invitation\/[A-Za-z0-9_-]+/)[0], { login: "csirt@body.example" });
  writeFileSync(kept, JSON.stringify({ administrator: [...administrator.cookies], csirt: [...csirt.cookies], place }));
  return { administrator, csirt, place };
}

function cpu(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1].split(" ");
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

// Asks at a steady rate, whether or not answers have come, and counts each from the moment it was due: a server that
// stands still is not asked more slowly.
async function load(server, name, requests) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 64 });
  const before = cpu(server.child.pid);
  const times = [];
  let wrong = 0;
  const ask = (number, due) =>
    new Promise((done) => {
      const { path, headers } = requests[number % requests.length];
      const end = (right) => {
        times.push(performance.now() - due);
        if (!right) wrong += 1;
        done();
      };
      const asked = http.get(server.base + path, { agent, headers }, (answer) => {
        answer.resume();
        answer.on("end", () => end(answer.statusCode === 200));
      });
      asked.on("error", () => end(false));
    });
  const began = performance.now();
  const waiting = [];
  const total = rate * seconds;
  while (waiting.length < total) {
    const due = began + (waiting.length * 1000) / rate;
    if (due > performance.now()) await new Promise((later) => setTimeout(later, due - performance.now()));
    waiting.push(ask(waiting.length, due));
  }
  await Promise.all(waiting);
  agent.destroy();
  const took = (performance.now() - began) / 1000;
  times.sort((one, other) => one - other);
  const at = (share) => times[Math.min(times.length - 1, Math.floor(times.length * share))].toFixed(1).padStart(7);
  const cores = ((cpu(server.child.pid) - before) / took).toFixed(2);
  console.log(`${name.padEnd(34)} ${Math.round(total / took).toString().padStart(5)} ${at(0.5)} ${at(0.99)} ${at(1)}  ${cores.padStart(5)} ${String(wrong).padStart(6)}`);
  return wrong;
}

// Whether the time of an answer tells what is somebody else's from what is not there at all: both are asked for in turn.
async function compare(visitor, theirs, nobodys) {
  const times = [[], []];
  for (let turn = 0; turn < 2 * comparisons; turn += 1) {
    const path = turn % 2 ? nobodys : theirs;
    const began = process.hrtime.bigint();
    const answer = await fetch(visitor.base + path, { headers: { cookie: visitor.header() }, redirect: "manual" });
    await answer.arrayBuffer();
    times[turn % 2].push(Number(process.hrtime.bigint() - began) / 1e6);
    if (answer.status !== 404) throw new Error(`${path}: status ${answer.status}, and not 404`);
  }
  const at = (of, share) => of.toSorted((one, other) => one - other)[Math.floor(of.length * share)].toFixed(2);
  const show = (of) => `${at(of, 0.25)} / ${at(of, 0.5)} / ${at(of, 0.75)} ms`;
  console.log(`404 for ${theirs.replace(/[0-9a-f]{32}/, "…").padEnd(26)} quartiles: somebody else's ${show(times[0])}, nobody's ${show(times[1])}`);
}

const data = process.env.NOROSHI_LOAD_DATA ?? mkdtempSync(join(tmpdir(), "noroshi-load-"));
if (!existsSync(join(data, "noroshi.sqlite"))) fill(data);
const server = await serve(data);
let wrong = 0;
try {
  const { administrator, csirt, place } = await cameIn(server.base, server.link, data);
  const pages = [
    ["board", administrator, "/board"],
    ["threats", administrator, "/threats?period=all"],
    ["organisations", administrator, "/organisations"],
    ["registry", administrator, "/registry"],
    ["people of one organisation", administrator, `/registry/of/${place}?tab=person`],
    ["software of one organisation", administrator, `/registry/of/${place}?tab=software`],
    ["contacts overdue", administrator, "/registry/contacts"],
    ["server counts", administrator, "/registry/servers"],
    ["accounts", administrator, "/accounts"],
    ["board of an organisation", csirt, "/board"],
    ["registry of an organisation", csirt, "/registry"],
    ["API: organisations", administrator, "/api/v1/organisations"],
  ];
  const request = ([, visitor, path]) => ({ path, headers: { cookie: visitor.header(), "accept-encoding": "gzip" } });
  console.log(`${"page".padEnd(34)} req/s ${"p50".padStart(7)} ${"p99".padStart(7)} ${"max".padStart(7)}  cores  wrong   (ms at ${rate} requests/s, ${seconds} s each)`);
  for (const page of pages) wrong += await load(server, page[0], [request(page)]);
  wrong += await load(server, "all of them in turn", pages.map(request));
  const other = (await administrator.ask("/organisations")).match(new RegExp(`/organisations/(?!${place})(org_[0-9a-f]{32})`))[1];
  const nobody = `org_${"0".repeat(32)}`;
  for (const path of ["/organisations/", "/registry/of/", "/api/v1/organisations/"]) await compare(csirt, path + other, path + nobody);
  console.log(`memory of the server: ${readFileSync(`/proc/${server.child.pid}/status`, "utf8").match(/VmHWM:\s+(\d+)/)[1] / 1024 | 0} MB at most`);
} finally {
  server.child.kill("SIGTERM");
  if (!process.env.NOROSHI_LOAD_DATA) {
    rmSync(data, { recursive: true, force: true });
    for (const file of ["cookies", "toml"]) rmSync(`${data}.${file}`, { force: true });
  }
}
process.exit(wrong ? 1 : 0);
