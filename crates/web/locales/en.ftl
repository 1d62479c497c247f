# The English sentences. Same keys as ja.ftl, in the same order. A sentence is one entry, never glued from parts.

## Frame
site-name = Noroshi
nav-label = Main pages
nav-board = Board
nav-threats = Threats
nav-campaigns = Campaigns
nav-organisations = Organisations
nav-search = Log search
nav-unread = Unread
nav-unowned = Unowned
skip-to-main = Skip to the content
crumbs-label = You are here
signed-as = Working as { $name }
footer-about = Noroshi security watch
quick-search = Search the logs
quick-hint = words, address:192.0.2.1
list-comma = ,{" "}
as-of = As of { $time }
unknown-value = not recorded
many-values = many
and-more = and { $n } more
chart-as-table = Show the chart as a table
narrow-label = Narrow the rows shown
pager-label = Pages
pager-first = First page
pager-next = Next page
pager-older = Older records

## Roles
role-watch_officer = Watch officer
role-coordinator = Coordinator
role-inspector = Inspector
role-planner = Planner
role-editor = Editor
role-administrator = Administrator
role-ciso = Chief information security officer (CISO)
role-csirt = CSIRT, point of contact
role-system_manager = System manager
role-section_manager = Section manager
role-staff = Member of staff
role-sensor = Sensor
column-role = Role

## Demonstration
demo-title = The way into the demonstration
demo-about = Choose a role to look around as somebody who has it. This way in is open from this machine only.
demo-centre = Centre

## Live
live-on = Updating live
live-lost = Connection lost, trying again
live-off = Live updates paused
live-critical = New critical threat.
announce-threat = { $organisation }: { $title }

## Keys
keys-button = Keys
keys-title = Keyboard
keys-search = Go to the search box
keys-move = Next row, previous row
keys-open = Open the chosen row
keys-help = Show this list
keys-switch = Use single-key shortcuts
keys-close = Close

## Words
level-critical = Critical
level-high = High
level-medium = Medium
level-low = Low
level-informational = Info
level-none = none
level-critical-up = Critical only
level-high-up = High and above
level-medium-up = Medium and above
level-low-up = Low and above
verdict-threat = Threat
verdict-normal = Normal
verdict-all = All
kind-address = IP address
kind-domain = Domain
kind-url = URL
kind-hash = Hash
kind-mail = Mail address
period-1h = Last hour
period-8h = Last 8 hours
period-24h = Last 24 hours
period-7d = Last 7 days
period-30d = Last 30 days
period-all = All time
count-detections = { $n ->
    [one] { $n } hit
   *[other] { $n } hits
}
count-threats = { $n ->
    [one] { $n } threat
   *[other] { $n } threats
}

## Columns
column-level = Level
column-threat = Threat
column-threats = Threats
column-organisation = Organisation
column-organisations = Organisations
column-members = Seen at
column-actor = Source
column-target = Target
column-actor-target = Source → target
column-detections = Detections
column-first = First event
column-last = Last event
column-score = Score
column-verdict = Verdict
column-observable = Observable
column-kind = Kind
column-value = Value
column-times = Times
column-level-max = Worst
column-sum = Sum
column-day = 24 hours
column-events = Events
column-last-event = Last received
column-time = Time
column-file = File
column-line = Line
column-why = Why it could not be read
column-beginning = Beginning of the record
column-read-at = Read at
column-field = Field
column-hour = Hour
column-date = Day
column-rule = Rule
column-seen-at = Seen at

## Board
board-title = Board
board-tiles = Counts of the last 24 hours
tile-level = Threats ({ $level })
tile-organisations = Organisations hit
tile-campaigns = Campaigns
tile-events = Events read
tile-detections = Detections
tile-unread = Unread records
board-threats-title = Threats now ({ $n })
board-threats-more = { $n ->
    [one] Show the one threat
   *[other] Show all { $n } threats
}
board-quiet = Nothing was judged to be a threat in the last 24 hours.
board-heat-title = Threats by organisation and hour (last 24 hours, Japan time)
board-heat-legend = Threats in an hour
board-rows-left = { $n ->
    [one] and { $n } more organisation
   *[other] and { $n } more organisations
}
board-shift-title = Handover: what changed in this shift
shift-night = Night shift (00:00–08:00), since { $since }
shift-day = Day shift (08:00–16:00), since { $since }
shift-evening = Evening shift (16:00–24:00), since { $since }
shift-threats = { $n ->
    [one] { $n } new threat ({ $before } in the same length of time before)
   *[other] { $n } new threats ({ $before } in the same length of time before)
}
shift-campaigns = { $n ->
    [one] { $n } new campaign
   *[other] { $n } new campaigns
}
shift-decisions = { $n ->
    [one] { $n } decision by an analyst
   *[other] { $n } decisions by analysts
}
board-newly-hit = { $n ->
    [one] { $n } organisation newly hit
   *[other] { $n } organisations newly hit
}
board-newly-hit-none = No organisation newly hit.
board-new-rules = Rules that fired for the first time
board-new-rules-none = No rule fired for the first time.
board-campaigns-title = Campaigns moving
board-campaigns-none = No attack spans several organisations.
board-campaigns-more = Show all campaigns
board-intake-title = Intake (last 24 hours)
board-silent = Nothing received for over 3 hours from{" "}
intake-events = Events read
intake-detections = Detections
intake-threats = Judged threat
intake-normal = Judged normal
intake-unread = Records not readable

## Threats
threats-title = Threats
threats-table = List of threats
threats-none = No threat fits.
threats-none-hint = Choose a longer period or fewer conditions.
filter-label = Filter threats
filter-text = Title, source, target or number
filter-period = Period
filter-organisation = Organisation
filter-organisation-all = All organisations
filter-level = Level
filter-level-all = All
filter-verdict = Verdict
filter-button = Filter
filter-clear = Clear
tag-campaign = campaign
note-hour = Showing threats of the hour from { $start }.
note-rule = Showing threats of the rule { $rule }.

## One threat
threat-what = What
threat-why = Why it is judged so
threat-period = Period
threat-period-text = { $first } to { $last } ({ $duration })
threat-rule = Rule
threat-techniques = Techniques (ATT&CK)
threat-campaigns = Campaigns
threat-timeline = Detections over time
threat-timeline-shown = Detections over time (newest { $n })
threat-events = Events (newest { $n } of { $all } detections)
threat-events-missing = { $n ->
    [one] { $n } event is not in the stored data.
   *[other] { $n } events are not in the stored data.
}
judged-machine = Judged “{ $verdict }” with a score of { $score } out of 100.
judged-analyst = An analyst judged “{ $verdict }”. The automatic score is { $score } out of 100.
decide-title = Analyst’s decision
decide-verdict = Verdict
decide-reason = Reason (required)
decide-hint = The reason is kept and counts in later judgements of the same organisation, rule and source.
decide-button = Record the decision
decide-none = No analyst has decided yet.
decide-done = { $at }: { $by } judged “{ $verdict }”. Reason:
earlier-title = Earlier decisions on threats of the same shape
elsewhere-title = Elsewhere
elsewhere-none = The same rule or observable has not been seen at other organisations.
elsewhere-shared = In common
elsewhere-rule = the same rule
observables-title = Observables
observables-none = No observables.

## Organisations
organisations-title = Organisations
organisations-about = Threats of the last 24 hours by organisation and level.
organisations-none = No organisation is registered.
organisation-day = { $n ->
    [one] { $name }: { $n } threat in the last 24 hours
   *[other] { $name }: { $n } threats in the last 24 hours
}

## Campaigns
campaigns-title = Campaigns
campaigns-about = The same observable in threats at two or more organisations within a window of time.
campaigns-table = List of campaigns
campaigns-none = No campaign has been seen.
campaign-others = { $n ->
    [one] and { $n } more
   *[other] and { $n } more
}
campaign-moving = { $n } organisations, last seen { $last }
campaign-summary = { $kind } “{ $value }” has been seen at { $n } organisations since { $first }. The second one made it a campaign at { $raised }.
campaign-summary-own = { $kind } “{ $value }” has been seen at your organisation since { $first }. It has been seen at { $n } organisations in all.
share-title = Sharing (TLP)
share-now = Shared as { $tlp } at present
share-tlp = How far
share-reason = Reason for the change (required)
share-hint = From TLP:AMBER up, only the organisations that saw it know of it, and the others are not named. Up to TLP:GREEN, every organisation knows of it, with names.
share-button = Change how far it is shared
campaign-who = Who, and when
campaign-threats = Threats of this campaign
campaign-search = Search the logs for this observable

## Search
search-title = Log search
search-words = What to look for
search-hint = Separated by spaces, all must occur. Observables are written kind:value (address, domain, url, hash, mail).
search-button = Search
search-from = From (Japan time)
search-to = To (Japan time)
search-start = Every event that was read can be found here, also those judged normal.
search-example-words = For example: records with both powershell and -enc
search-example-address = For example: records in which the address 192.0.2.1 occurs
search-example-domain = For example: records in which the domain update.example occurs
search-unknown-kind = There is no kind “{ $kind }”, so it was searched as text. Kinds are address, domain, url, hash and mail.
search-found = { $n ->
    [one] { $n } event found
   *[other] { $n } events found
}
search-found-more = Newest { $n } shown, there are more
search-found-here = { $n ->
    [one] { $n } event on this page
   *[other] { $n } events on this page
}
search-cost = Read { $opened } of { $files } files, { $rows } rows, { $bytes }.
search-count = Count them all
search-damaged = { $n ->
    [one] { $n } stored file is damaged and was left out.
   *[other] { $n } stored files are damaged and were left out.
}
search-by-organisation = Counts by organisation
search-nothing = No record fits.
search-nothing-period = Choose a longer period, such as all time.
search-nothing-words = Use fewer or shorter words. Upper and lower case of Latin letters are the same.
search-nothing-kind = Observables are found whatever way they are written when the kind is given, as in address:192.0.2.1.

## One event
event-title = Event
event-about = About the record
event-source = Source (format)
event-offset = Offset (bytes)
event-id = Event id
event-fields = Fields
event-download = Download the original ({ $size })
event-left = { $n } bytes are left.
event-next = Continue
record-label = Record of { $time }, { $file } line { $line }
record-line = line { $n }
record-open = Details
record-matched = Matched:
record-raw = The record as written
record-left = See the other { $n } bytes on the page of the event
record-time-read = time of reading: the record names none

## Unread and unowned
unread-title = Unread records
unread-about = Records whose form nobody understood. They are kept, with file, line, reason and beginning.
unread-none = Every record was read.
unowned-title = Observables nobody owns
unowned-about = Values that no organisation has registered. Check whether the register lacks something.
unowned-none = Everything seen has an owner.
unowned-total = { $n } in all, the latest { $shown } shown

## Errors
error-status = Status
error-to-board = Back to the board
error-400-title = The request is not right
error-400 = Something in the request is wrong. Please go back and check it.
error-401-title = Please sign in
error-401 = This page is for people who have signed in.
error-403-title = Not allowed
error-403 = Your role does not give you the right to do this.
error-409-title = Not accepted as things stand
error-409 = Something else has changed in the meantime. Open the page again and look.
error-429-title = Please wait
error-429 = There were too many requests in a short time. Wait a little, then try again.
error-forged-title = Not accepted
error-forged = This could not be confirmed to come from our own page. Open the page again and repeat it.
error-404-title = Not found
error-404 = It does not exist, or it is outside what you may see.
error-405-title = Not accepted
error-405 = This cannot be done at this address.
error-421-title = Not accepted
error-421 = This server answers only under this machine’s own names, such as localhost.
error-500-title = It did not work
error-500 = The page could not be made because of a fault inside. The log has the details.
error-503-title = Not available at the moment
error-503 = The data cannot be read. Please try again shortly.
error-value = “{ $value }” is not a possible value.
error-time = “{ $value }” cannot be read as a time. Write it as 2026-07-15T08:00.
error-no-reason = A decision needs a reason. { $value }

## Reasons
angle-rule-level = Level of the rule
angle-indicator = Indicator
angle-spread = Spread
angle-rarity = Rarity
angle-criticality = Criticality
angle-allow-list = Allow-list
angle-earlier-verdicts = Earlier verdicts
reason-rule-level = The rule’s level is “{ $level }”.
reason-indicator = The indicator { $indicator } (level “{ $level }”) matched.
reason-spread = The same was seen at { $organisations } organisations within { $hours } hours.
reason-rarity = { $days_seen ->
    [0] Never seen at this organisation in { $days_watched } days of watching.
   *[other] Seen at this organisation on { $days_seen } of { $days_watched } days watched.
}
reason-criticality = The target { $asset } has “{ $criticality }” criticality.
reason-criticality-system = The target { $asset } ({ $system }) has “{ $criticality }” criticality.
reason-allow-list = On the allow-list, entered by { $by }: { $reason }
reason-allow-list-until = On the allow-list until { $until }, entered by { $by }: { $reason }
reason-allow-list-overruled = On the allow-list (entered by { $by }: { $reason }), but overruled because a certain indicator matched.
reason-earlier-verdicts = Analysts judged the same shape a threat { $threat } times and normal { $normal } times before.

## Criticality
criticality-low = Low
criticality-medium = Medium
criticality-high = High

## Organisation
organisation-about = Summary
organisation-key = Key
organisation-kind = Kind
organisation-parts = Parts
org-kind-centre = centre
org-kind-ministry = ministry
org-kind-agency = agency
org-kind-incorporated = incorporated agency
org-kind-local = local government
org-kind-company = company
org-kind-part = part
org-kind-other = other
organisation-threats-by-hour = Threats by hour (last 24 hours)
organisation-events-by-hour = Events by hour (last 24 hours)
organisation-rules = Rules that fired most (last 30 days)
organisation-actors = Sources seen most (last 30 days)
organisation-no-rules = Nothing was judged a threat in the last 30 days.
organisation-no-actors = No source was recorded in the last 30 days.
organisation-no-threats = Nothing was judged a threat in the last 30 days.
organisation-threats-by-day = Threats by day (last 30 days)
organisation-other-name = Name in Japanese
organisation-threats-total = Threats (last 30 days)
organisation-normal-total = Judged normal (last 30 days)
organisation-threats = Latest threats
organisation-threats-all = All threats of this organisation
organisation-campaigns = Campaigns it is in
organisation-assets = Registered assets ({ $n })
organisation-assets-none = No assets are registered. Register networks and domains, and what is seen will have an owner.
asset-network = Network
asset-domain = Domain
asset-mail-domain = Mail domain
asset-host = Host
column-system = System
column-criticality = Criticality
column-validity = Valid
validity-always = always
validity-from = from { $from }
validity-until = until { $until }
validity-between = { $from } to { $until }

## Signing in
sign-in-title = Sign in
sign-in-login = Login (mail address)
sign-in-password = Password
sign-in-button = Sign in
sign-in-refused = The login or the password is wrong.
sign-in-wait = There were too many attempts. Please try again in { $seconds } seconds.
sign-in-busy = Many people are signing in at the moment. Please try again shortly.
sign-in-help = If you lost your password or authenticator app, ask whoever keeps the accounts of your organisation for a new invitation.
sign-in-code-title = Enter the code
sign-in-code-about = Enter the six-digit code that your authenticator app shows, or a recovery code.
sign-in-code = Code
sign-in-code-button = Confirm
sign-in-code-refused = The code is wrong or was used already.
sign-in-code-ended = It took too long or too many tries. Please sign in from the beginning.
sign-out-button = Sign out

## Invitations
invitation-title = Begin your account
invitation-first = You are setting up the first administrator. This link works once.
invitation-about = This begins the account of { $name } ({ $login }). The link works once.
invitation-name = Name
invitation-password = New password
invitation-password-hint = 12 to 256 characters of any kind. A long sentence is easy to remember and safe.
invitation-button = Begin

## Own account
own-title = Your account
own-link = Your account
own-about = Overview
own-login = Login
own-name = Name
own-roles = Roles
own-roles-none = No roles.
own-language = Language
own-language-button = Change
own-fresh-title = Confirm that it is you
own-fresh-about = Changes to the authenticator app, recovery codes and tokens need your password within the last 15 minutes.
own-fresh-button = Confirm
own-password-title = Change the password
own-password-old = Current password
own-password-new = New password
own-password-button = Change
own-password-about = This ends your sessions on other devices.
own-codes-title = Authenticator app
own-codes-on = Codes of your authenticator app are asked for. { $n } recovery codes are left.
own-codes-off = No authenticator app is set up.
own-codes-begin = Set it up
own-codes-scan = Scan the picture with the app, or type in the key, and confirm with the code it shows.
own-codes-picture = QR code for the authenticator app
own-codes-secret = Key
own-codes-confirm = Confirm the code and begin
own-codes-remove = Stop using the app
own-recovery-title = Recovery codes
own-recovery-about = Each lets you in once if you lose the app. They are shown only now: print them or keep them somewhere safe.
own-recovery-renew = Make new recovery codes
own-sessions-title = Devices signed in
own-session-here = this device
own-session-since = Signed in
own-session-seen = Last used
own-session-address = From
own-session-browser = Browser
own-session-method = How
own-session-end = End
own-sessions-others = End all but this one
own-tokens-title = Tokens (keys for programs)
own-tokens-none = No tokens.
own-tokens-about = Gives a program some of your rights, for at most 90 days.
own-token-name = Purpose
own-token-rights = Rights
own-token-days = Valid days
own-token-ends = Ends
own-token-used = Last used
own-token-never = never
own-token-button = Make a token
own-token-end = Revoke
own-token-made-title = New token
own-token-made = It is shown only now.
passkey-title = Passkeys
passkey-about = A key that your device keeps lets you in without a password. Adding and removing one needs your password within the last 15 minutes.
passkey-name = Name, such as that of the device
passkey-add = Add a passkey
passkey-remove = Remove
passkey-sign-in = Sign in with a passkey
passkey-failed = The passkey could not be used. Please try again.
passkey-refused = This passkey cannot sign you in. Open the page again and repeat it.
passkey-script = Passkeys need JavaScript in your browser.
passkey-nowhere = Passkeys work only where the page was opened under a name, such as localhost.
method-password = password
method-code = password and code
method-passkey = passkey
method-provider = identity provider
method-link = link

## Keeping accounts
nav-accounts = Accounts
accounts-title = Accounts
accounts-text = Login or name
accounts-none = No such account.
accounts-login = Login
accounts-name = Name
accounts-state = State
accounts-roles = Roles
accounts-signed-in = Last signed in
accounts-invite = Invite
accounts-role = Role
accounts-place = Organisation
accounts-place-centre = Centre (no organisation)
accounts-language = Language
accounts-link-title = Invitation link
accounts-link-about = Hand this to { $name } in person or where nobody else can read it. It is valid for 72 hours, works once, and is shown only now.
account-title = Account { $login }
account-since = Since
account-give = Give a role
account-take = Take away
account-provider = from the identity provider
account-disable = Disable
account-enable = Enable
account-reset = Take away all proofs and invite anew
account-link = Make a new invitation link
account-end-sessions = End all sessions
account-erase = Erase personal data
account-erase-about = Removes name, login and what the audit trail keeps about the person. This cannot be undone.
account-actions = Actions
account-state-invited = invited
account-state-active = active
account-state-disabled = disabled
account-state-erased = erased
role-at = { $role } ({ $place })
right-read_watch = See threats and campaigns
right-read_events = See the logs
right-decide = Judge threats
right-share = Say how far a campaign is told
right-read_registry = See the registry
right-read_people = See who is responsible
right-propose_registry = Ask for changes of the registry
right-keep_registry = Change the registry
right-read_audit = See the audit trail
right-keep_accounts = Keep accounts
right-deliver = Deliver logs

## What can go wrong with accounts
error-password-short = A password has at least 12 characters. { $value }
error-password-long = A password has at most 256 characters. { $value }
error-password-names = The password is made of names that others know. { $value }
error-password-common = The password is one of those that are guessed first. { $value }
error-refused = The password or code is wrong, or it is too long ago that you confirmed who you are. { $value }
error-wait = There were too many attempts. Please try again in { $value } seconds.
error-malformed = “{ $value }” cannot be used.
error-login-taken = The login “{ $value }” is taken.
error-wrong-seat = This role does not belong there. { $value }
error-last-administrator = This would leave no active administrator. { $value }
error-wrong-state = The account is not in a state in which this can be done. { $value }
error-too-many = There are as many as there may be. { $value }
error-link-gone = This link cannot be used. { $value }
error-passkey = The passkey could not be kept. Open the page again and repeat it. { $value }
## Registry
nav-registry = Registry
registry-title = Registry
registry-none = Nothing is registered.
registry-not-said = Not said
registry-tabs = Kinds of registration
registry-add = New: { $noun }
registry-edit = Change: { $noun }
registry-edit-organisation = Change the organisation
registry-send = Send
registry-waits = Changes of networks, domains, criticality, confidentiality and the organisation itself count once the centre has approved them. Everything else counts at once.
registry-contacts-title = Contacts to confirm
registry-contacts-about = Contacts that nobody has confirmed in the last 180 days.
registry-overdue-count = { $n } to confirm
registry-waiting-count = { $n } waiting
registry-verified = Confirmed { $day }
registry-verified-long-ago = Overdue, last confirmed { $day }
registry-verified-never = Never confirmed
registry-ask-title = Ask for confirmation
registry-ask-button = Make a link
registry-ask-done = Give this link to the contact. It works once, until { $ends }, and is not shown again.
registry-confirm-title = Confirm a contact
registry-confirm-ask = { $name } is registered with these channels. If they are right, press the button.
registry-confirm-button = They are right
registry-confirm-done = The confirmation is recorded. Thank you.
registry-changes-title = Change requests
registry-changes-none = There are no change requests.
registry-change-columns = What is asked for
registry-conflict = The registry changed after this was asked for, so it cannot be approved.
registry-decide-title = Decision of the centre
registry-answer-hint = A refusal needs a reason.
registry-approve = Approve
registry-refuse = Refuse
registry-withdraw = Withdraw
registry-action-create = New: { $noun }
registry-action-change = Change: { $noun }
registry-action-retire = Retire: { $noun }
registry-state-waiting = Waiting
registry-state-approved = Approved
registry-state-refused = Refused
registry-state-withdrawn = Withdrawn
registry-servers-title = Servers by year
registry-servers-about = At the end of each fiscal year: the number reported for it, or the registered servers where nothing was reported.
registry-servers-of = Servers: { $kind }
registry-servers-all = By kind
registry-servers-figure = { $servers } ({ $n } org.)
registry-fiscal-year = FY{ $year }
registry-import-title = Bulk import
registry-import-about = Reads a CSV, XLSX or YAML file. A trial run changes nothing. Right rows go in; wrong rows are listed with their reasons.
registry-import-file = File
registry-import-rehearse = Trial run
registry-import-button = Import
registry-import-rows = Each row
registry-import-notation = “{ $value }” is not a CSV, XLSX or YAML file.
registry-import-unreadable = Unreadable at line { $line }: { $reason }
registry-import-rehearsed = An import would make { $new } new, { $changed } changed, { $retired } retired, { $same } unchanged; { $wrong } wrong.
registry-import-done = Imported: { $new } new, { $changed } changed, { $retired } retired, { $same } unchanged; { $wrong } wrong.
registry-export-title = Export
registry-export-tab = This list as CSV
registry-export-book = The registry as XLSX
registry-fate-new = New
registry-fate-changed = Changed
registry-fate-retired = Retired
registry-fate-same = Unchanged
registry-fate-wrong = Wrong
registry-minutes-none = None
registry-minutes-minutes = { $n } min
registry-minutes-hours = { $n } h
registry-minutes-days = { $n } d
registry-noun-organisation = Organisation
registry-noun-network = Network
registry-noun-domain = Domain
registry-noun-mail-domain = Mail domain
registry-noun-host = Host
registry-noun-person = Person
registry-noun-contact = Contact
registry-noun-system = System
registry-noun-server = Server
registry-noun-software = Software
registry-noun-function = Business function
registry-noun-server-count = Server count
registry-column-record = Kind of row
registry-column-organisation = Organisation
registry-column-key = Key
registry-column-name = Name
registry-column-name-ja = Name (Japanese)
registry-column-name-en = Name (English)
registry-column-kind = Kind
registry-column-parent = Part of
registry-column-order = Order
registry-column-value = Value
registry-column-valid-from = Valid from
registry-column-valid-until = Valid until
registry-column-criticality = Criticality
registry-column-system = System
registry-column-device-class = Device class
registry-column-post = Post
registry-column-post-ja = Post (Japanese)
registry-column-post-en = Post (English)
registry-column-mail = Mail
registry-column-phone = Telephone
registry-column-language = Language
registry-column-person = Person
registry-column-channels = Channels
registry-column-hours = Hours
registry-column-deputies = Deputies
registry-column-openpgp = OpenPGP key
registry-column-smime = S/MIME certificate
registry-column-manager = Manager
registry-column-confidentiality = Confidentiality
registry-column-integrity = Integrity
registry-column-availability = Availability
registry-column-rto-minutes = Recovery time objective (minutes)
registry-column-internet-facing = Reachable from the internet
registry-column-place = Place
registry-column-vendor = Vendor
registry-column-version = Version
registry-column-cpe = CPE
registry-column-purl = Package URL
registry-column-purpose = Purpose
registry-column-end-of-support = End of support
registry-column-priority = Priority
registry-column-systems = Systems needed
registry-column-day = As of
registry-column-servers = Servers
registry-column-year = Fiscal year
registry-column-verified = Confirmed
registry-column-asked = Asked
registry-column-bounces = Bounces
registry-column-number = Number
registry-column-action = Request
registry-column-state = State
registry-column-asked-by = Asked by
registry-column-reason = Reason
registry-column-answer = Answer
registry-column-decided = Decided
registry-column-before = Now
registry-column-after = Asked for
registry-column-fate = Fate
registry-column-why = Columns or reason
registry-hint-key = a-z, 0-9 and -; it never changes.
registry-hint-channels = One a line, first choice first: mail:, phone:, fax: or web: and the address
registry-hint-deputies = Keys of people, in order, with spaces between them
registry-hint-systems = Keys of systems, with spaces between them
registry-hint-person = Key of a person; empty for a duty desk
registry-hint-manager = Key of a person
registry-hint-valid-from = For example 2026-04-01; empty is always
registry-hint-valid-until = The last day; a day up to today retires it.
registry-kind-ciso-office = CISO office
registry-kind-csirt = CSIRT
registry-kind-system = Systems
registry-kind-vulnerability = Vulnerability reports
registry-kind-around-the-clock = Around the clock
registry-kind-web = Web
registry-kind-mail = Mail
registry-kind-dns = DNS
registry-kind-file = File
registry-kind-database = Database
registry-kind-directory = Directory
registry-kind-other = Other
registry-word-yes = Yes
registry-word-no = No
registry-word-own = Own rooms
registry-word-cloud = Cloud
registry-word-both = Own rooms and cloud
registry-word-installed = Installed
registry-word-recommended = Recommended to citizens
registry-word-ja = Japanese
registry-word-en = English
registry-what-mail = a mail address
registry-what-phone = a telephone number
registry-what-web = a web address that begins with https://
registry-what-channel = a channel like mail:, phone:, fax: or web:
registry-what-cpe = a CPE 2.3 name
registry-what-purl = a package URL
registry-what-openpgp = an OpenPGP public key
registry-what-certificate = a PEM certificate
registry-reason-needed = { $column }: must be said.
registry-reason-both-languages = { $column }: names in both languages are needed.
registry-reason-not-one-of = { $column }: “{ $written }” is not one of { $words }.
registry-reason-too-long = { $column }: longer than { $max } characters, or with control characters.
registry-reason-too-many = { $column }: more than { $max }.
registry-reason-not-a-number = { $column }: “{ $written }” is not a whole number from { $min } to { $max }.
registry-reason-not-a-day = { $column }: “{ $written }” is not a day like 2026-04-01.
registry-reason-ends-before = { $column }: { $until } is before { $from }.
registry-reason-not-a-key = { $column }: “{ $written }” is not 1 to { $max } of a-z, 0-9 and -.
registry-reason-not-a = { $column }: “{ $written }” is not { $what }.
registry-reason-no-such = { $column }: there is no “{ $key }” ({ $noun }).
registry-reason-twice = { $column }: line { $line } already describes { $key }.
registry-reason-not-yours = { $column }: not yours to change.
registry-reason-no-such-column = { $column }: no such column ({ $noun }).
registry-reason-other = { $column }: { $sentence }.
