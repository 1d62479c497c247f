# 日本語の文言。英語(en.ftl)と同じ見出しを同じ順に並べる。文は部品をつないで作らず、一文を一項目とする。

## 枠
site-name = 狼煙 Noroshi
nav-label = 主な画面
nav-board = 監視状況
nav-threats = 脅威
nav-campaigns = 攻撃キャンペーン
nav-organisations = 組織
nav-search = ログ検索
nav-unread = 読取不能記録
nav-unowned = 所有者不明
skip-to-main = 本文へ移動
crumbs-label = 現在の位置
signed-as = 操作者：{ $name }
footer-about = Noroshi 情報セキュリティ監視
quick-search = ログを検索
quick-hint = 語句、address:192.0.2.1
list-comma = 、
as-of = { $time }現在（日本時間）
unknown-value = 記録なし
many-values = 多数
and-more = ほか{ $n }件
chart-as-table = 図の値を表で見る
narrow-label = 表示中の行を絞り込む
pager-label = ページ送り
pager-first = 最初へ
pager-next = 次のページ
pager-older = さらに古い記録

## 役割
role-watch_officer = 監視担当
role-coordinator = 調整担当
role-inspector = 検査担当
role-planner = 企画担当
role-editor = 編集担当
role-administrator = システム管理者
role-ciso = 最高情報セキュリティ責任者（CISO）
role-csirt = CSIRT・連絡窓口
role-system_manager = 情報システムセキュリティ責任者
role-section_manager = 課室情報セキュリティ責任者
role-staff = 職員
role-sensor = センサー
column-role = 役割

## デモンストレーション
demo-title = デモンストレーションの入口
demo-about = 役割を一つ選ぶと、その役割の人として画面を見ることができます。この入口は、この計算機からのみ利用できます。
demo-centre = センター

## 自動更新
live-on = 自動更新中
live-lost = 接続が切れています（再接続中）
live-off = 自動更新停止中
live-critical = 緊急の脅威を新たに検知しました。
announce-threat = { $organisation }：{ $title }

## キー操作
keys-button = キー操作
keys-title = キー操作の一覧
keys-search = 検索欄へ移動する
keys-move = 次の行、前の行へ移動する
keys-open = 選んだ行を開く
keys-help = この一覧を表示する
keys-switch = 一文字のキー操作を使う
keys-close = 閉じる

## 言葉
level-critical = 緊急
level-high = 高
level-medium = 中
level-low = 低
level-informational = 情報
level-none = なし
level-critical-up = 緊急のみ
level-high-up = 高以上
level-medium-up = 中以上
level-low-up = 低以上
verdict-threat = 脅威
verdict-normal = 正常
verdict-all = すべて
kind-address = IPアドレス
kind-domain = ドメイン名
kind-url = URL
kind-hash = ハッシュ値
kind-mail = メールアドレス
period-1h = 直近1時間
period-8h = 直近8時間
period-24h = 直近24時間
period-7d = 直近7日間
period-30d = 直近30日間
period-all = 全期間
count-detections = 検知{ $n }件
count-threats = 脅威{ $n }件

## 表の見出し
column-level = 重要度
column-threat = 脅威
column-threats = 脅威
column-organisation = 組織
column-organisations = 組織数
column-members = 確認された組織
column-actor = 攻撃元
column-target = 攻撃先
column-actor-target = 攻撃元 → 攻撃先
column-detections = 検知数
column-first = 最初の事象
column-last = 最後の事象
column-score = 評点
column-verdict = 判定
column-observable = 観測値
column-kind = 種類
column-value = 値
column-times = 回数
column-level-max = 最高
column-sum = 計
column-day = 24時間の推移
column-events = 事象数
column-last-event = 最後の受信
column-time = 日時
column-file = ファイル
column-line = 行
column-why = 読めない理由
column-beginning = 記録の先頭
column-read-at = 取込日時
column-field = 項目
column-hour = 時間帯
column-date = 日
column-rule = 検知ルール
column-seen-at = 観測した組織

## 監視状況
board-title = 監視状況
board-tiles = 直近24時間の件数
tile-level = 脅威（{ $level }）
tile-organisations = 脅威のある組織
tile-campaigns = 攻撃キャンペーン
tile-events = 取り込んだ事象
tile-detections = 検知
tile-unread = 読取不能
board-threats-title = 現在の脅威（{ $n }件）
board-threats-more = すべての脅威（{ $n }件）を見る
board-quiet = 直近24時間に脅威と判定したものはありません。
board-heat-title = 組織別・時間帯別の脅威（直近24時間、日本時間）
board-heat-legend = 1時間の件数
board-rows-left = ほか{ $n }組織
board-shift-title = 引継ぎ（今の当直で変わったこと）
shift-night = 深夜当直（0時～8時） { $since }から
shift-day = 日勤当直（8時～16時） { $since }から
shift-evening = 夜間当直（16時～24時） { $since }から
shift-threats = 新たな脅威{ $n }件（前の同じ時間帯は{ $before }件）
shift-campaigns = 新たな攻撃キャンペーン{ $n }件
shift-decisions = 分析官の判定{ $n }件
board-newly-hit = 新たに脅威を確認した組織（{ $n }組織）
board-newly-hit-none = 新たに脅威を確認した組織はありません。
board-new-rules = 初めて検知したルール
board-new-rules-none = 初めて検知したルールはありません。
board-campaigns-title = 継続中の攻撃キャンペーン
board-campaigns-none = 複数の組織に及ぶ攻撃は確認されていません。
board-campaigns-more = すべての攻撃キャンペーンを見る
board-intake-title = 取込状況（直近24時間）
board-silent = 3時間以上受信のない組織：
intake-events = 取り込んだ事象
intake-detections = 検知
intake-threats = 脅威と判定
intake-normal = 正常と判定
intake-unread = 読取不能の記録

## 脅威の一覧
threats-title = 脅威
threats-table = 脅威の一覧
threats-none = 条件に合う脅威はありません。
threats-none-hint = 期間を広げるか、条件を減らしてください。
filter-label = 脅威を絞り込む
filter-text = 名称・攻撃元・攻撃先・番号
filter-period = 期間
filter-organisation = 組織
filter-organisation-all = すべての組織
filter-level = 重要度
filter-level-all = すべて
filter-verdict = 判定
filter-button = 絞り込む
filter-clear = 条件を解除
tag-campaign = 複数組織
note-hour = { $start }から1時間の脅威を表示しています。
note-rule = 検知ルール { $rule } の脅威を表示しています。

## 一件の脅威
threat-what = 概要
threat-why = 判定の理由
threat-period = 期間
threat-period-text = { $first }から{ $last }まで（{ $duration }）
threat-rule = 検知ルール
threat-techniques = 攻撃手法（ATT&CK）
threat-campaigns = 攻撃キャンペーン
threat-timeline = 検知の推移
threat-timeline-shown = 検知の推移（新しい{ $n }件）
threat-events = 事象（{ $all }件の検知のうち新しい{ $n }件）
threat-events-missing = { $n }件の事象は保存データに見つかりません。
judged-machine = 評点{ $score }点（100点満点）により「{ $verdict }」と判定しました。
judged-analyst = 分析官が「{ $verdict }」と判定しました。自動判定の評点は{ $score }点（100点満点）です。
decide-title = 分析官の判定
decide-verdict = 判定
decide-reason = 判定の理由（必須）
decide-hint = 理由は記録に残り、同じ組織・ルール・攻撃元の今後の判定に反映されます。
decide-button = 判定を記録する
decide-none = 分析官による判定はまだありません。
decide-done = { $at }、{ $by }が「{ $verdict }」と判定しました。理由：
earlier-title = 同じ形の脅威に対するこれまでの判定
elsewhere-title = 他の組織での状況
elsewhere-none = 同じルール又は観測値は、他の組織では確認されていません。
elsewhere-shared = 共通する点
elsewhere-rule = 同じ検知ルール
observables-title = 観測値
observables-none = 観測値はありません。

## 組織
organisations-title = 組織
organisations-about = 直近24時間の脅威を、重要度別・組織別に示します。
organisations-none = 組織が登録されていません。
organisation-day = { $name }の直近24時間の脅威{ $n }件

## 攻撃キャンペーン
campaigns-title = 攻撃キャンペーン
campaigns-about = 同じ観測値が、一定の時間内に二つ以上の組織の脅威で確認されたものです。
campaigns-table = 攻撃キャンペーンの一覧
campaigns-none = 攻撃キャンペーンは確認されていません。
campaign-others = ほか{ $n }組織
campaign-moving = { $n }組織で確認、最後は{ $last }
campaign-summary = { $kind }「{ $value }」を、{ $first }以降、{ $n }組織で確認しました。二つ目の組織で確認したのは{ $raised }です。
campaign-summary-own = { $kind }「{ $value }」を、貴組織で{ $first }以降に確認しました。確認した組織は全部で{ $n }組織です。
share-title = 共有範囲（TLP）
share-now = 現在の共有範囲：{ $tlp }
share-tlp = 共有範囲
share-reason = 変更の理由（必須）
share-hint = TLP:AMBER以上では、確認した組織だけに知らせ、ほかの組織名は示しません。TLP:GREEN以下では、全組織に組織名を含めて知らせます。
share-button = 共有範囲を変更する
campaign-who = どの組織で、いつ確認されたか
campaign-threats = このキャンペーンの脅威
campaign-search = この観測値を含むログを検索する

## ログ検索
search-title = ログ検索
search-words = 検索する語句
search-hint = 空白で区切ると、すべてを含む記録を探します。観測値は「種類:値」（address、domain、url、hash、mail）で指定します。
search-button = 検索
search-from = 開始（日本時間）
search-to = 終了（日本時間）
search-start = 取り込んだすべての事象から探します。正常と判定したものも残っています。
search-example-words = 例：語句 powershell と -enc を両方含む記録
search-example-address = 例：IPアドレス 192.0.2.1 が現れる記録
search-example-domain = 例：ドメイン名 update.example が現れる記録
search-unknown-kind = 「{ $kind }」という種類はないため、語句として検索しました。使える種類は address、domain、url、hash、mail です。
search-found = 該当{ $n }件
search-found-more = 新しい順に{ $n }件を表示（続きがあります）
search-found-here = 該当{ $n }件（このページ）
search-cost = { $files }ファイル中{ $opened }ファイル、{ $rows }行、{ $bytes }を読みました。
search-count = 全件数を数える
search-damaged = { $n }個の保存ファイルが壊れていて読めません。結果は一部です。
search-by-organisation = 組織別の件数
search-nothing = 該当する記録はありません。
search-nothing-period = 期間を広げる（「全期間」など）。
search-nothing-words = 語句を減らす、又は短くする。英字の大文字と小文字は区別しません。
search-nothing-kind = 観測値は「address:」などの種類を付けると、書式の違いによらず探せます。

## 一件の記録
event-title = 事象の詳細
event-about = 記録の情報
event-source = 種別（形式）
event-offset = 位置（バイト）
event-id = 事象ID
event-fields = 項目と値
event-download = 原本をダウンロード（{ $size }）
event-left = 残り{ $n }バイトあります。
event-next = 続きを表示
record-label = { $time }の記録、{ $file }の{ $line }行目
record-line = { $n }行目
record-open = 詳細
record-matched = 一致した項目：
record-raw = 記録の原文
record-left = 残り{ $n }バイトを詳細画面で見る
record-time-read = 記録に時刻がないため取込時刻

## 読取不能・所有者不明
unread-title = 読取不能記録
unread-about = 形式を解釈できなかった記録です。捨てずに、ファイル・行・理由・先頭部分を残しています。
unread-none = 読取不能の記録はありません。
unowned-title = 所有者不明の観測値
unowned-about = どの組織の登録にもない観測値です。組織台帳への登録漏れがないか確認してください。
unowned-none = 所有者不明の観測値はありません。
unowned-total = 全{ $n }件（最後に観測した順に{ $shown }件を表示）

## 誤り
error-status = 状態番号
error-to-board = 監視状況へ戻る
error-400-title = 要求を処理できません
error-400 = 指定された内容に誤りがあります。前の画面に戻って確かめてください。
error-401-title = サインインが必要です
error-401 = この画面を利用するには、サインインしてください。
error-403-title = 権限がありません
error-403 = この操作に必要な権限が、あなたの役割には与えられていません。
error-409-title = 現在の状態では受け付けられません
error-409 = ほかの操作により状態が変わっています。画面を開き直して確認してください。
error-429-title = しばらくお待ちください
error-429 = 短時間に多くの要求がありました。しばらく待ってから、もう一度操作してください。
error-forged-title = 受け付けられません
error-forged = この操作は、この画面からの送信として確認できませんでした。画面を開き直してもう一度操作してください。
error-404-title = 見つかりません
error-404 = 指定されたものは存在しないか、閲覧できる範囲にありません。
error-405-title = 受け付けられません
error-405 = この操作はこのアドレスでは行えません。
error-421-title = 受け付けられません
error-421 = このサーバは、この計算機自身の名前（localhost など）でのみ利用できます。
error-500-title = 処理できませんでした
error-500 = 内部の誤りにより画面を作れませんでした。記録に詳細があります。
error-503-title = 一時的に利用できません
error-503 = データを読めません。しばらくしてからもう一度お試しください。
error-value = 「{ $value }」という値は指定できません。
error-time = 「{ $value }」は日時として読めません。2026-07-15T08:00 のように指定してください。
error-no-reason = 判定には理由が必要です。{ $value }

## 判定の理由
angle-rule-level = 検知ルールの重要度
angle-indicator = 侵害指標
angle-spread = 組織の広がり
angle-rarity = 珍しさ
angle-criticality = 対象の重要性
angle-allow-list = 許可一覧
angle-earlier-verdicts = これまでの判定
reason-rule-level = 検知ルールの重要度は「{ $level }」です。
reason-indicator = 侵害指標 { $indicator }（重要度「{ $level }」）に一致しました。
reason-spread = 同じものが、{ $hours }時間以内に{ $organisations }組織で確認されています。
reason-rarity = { $days_seen ->
    [0] この組織では、監視している{ $days_watched }日間に一度もなかったものです。
   *[other] この組織では、監視している{ $days_watched }日間のうち{ $days_seen }日で検知しています。
}
reason-criticality = 対象 { $asset } の重要性は「{ $criticality }」です。
reason-criticality-system = 対象 { $asset }（{ $system }）の重要性は「{ $criticality }」です。
reason-allow-list = 許可一覧にあります（登録者：{ $by }）。理由：{ $reason }
reason-allow-list-until = 許可一覧にあります（登録者：{ $by }、{ $until }まで）。理由：{ $reason }
reason-allow-list-overruled = 許可一覧にありますが（登録者：{ $by }、理由：{ $reason }）、確度の高い侵害指標に一致したため適用しません。
reason-earlier-verdicts = 同じ形のものについて、分析官はこれまでに脅威と{ $threat }回、正常と{ $normal }回判定しました。

## 対象の重要性
criticality-low = 低
criticality-medium = 中
criticality-high = 高

## 組織の画面
organisation-about = 概要
organisation-key = 略称
organisation-kind = 区分
organisation-parts = 下部組織
org-kind-centre = センター
org-kind-ministry = 府省
org-kind-agency = 庁・外局・委員会
org-kind-incorporated = 独立行政法人等
org-kind-local = 地方公共団体
org-kind-company = 会社
org-kind-part = 部局・地方支分部局
org-kind-other = その他
organisation-threats-by-hour = 時間帯別の脅威（直近24時間）
organisation-events-by-hour = 時間帯別の事象（直近24時間）
organisation-rules = 多く検知したルール（直近30日間）
organisation-actors = 多い攻撃元（直近30日間）
organisation-no-rules = 直近30日間に脅威と判定した検知はありません。
organisation-no-actors = 直近30日間に攻撃元の記録はありません。
organisation-no-threats = 直近30日間に脅威と判定したものはありません。
organisation-threats-by-day = 日別の脅威（直近30日間）
organisation-other-name = 英語名
organisation-threats-total = 脅威（直近30日間）
organisation-normal-total = 正常と判定（直近30日間）
organisation-threats = 最近の脅威
organisation-threats-all = この組織のすべての脅威を見る
organisation-campaigns = 関係する攻撃キャンペーン
organisation-assets = 登録されている資産（{ $n }件）
organisation-assets-none = 資産の登録がありません。ネットワークとドメインを登録すると、観測値の所有者が分かります。
asset-network = ネットワーク
asset-domain = ドメイン名
asset-mail-domain = メールドメイン
asset-host = ホスト
column-system = システム
column-criticality = 重要性
column-validity = 有効期間
validity-always = 常時
validity-from = { $from }から
validity-until = { $until }まで
validity-between = { $from }から{ $until }まで
