"""The security checklist: what is required, on which basis, and what proves it.

``proof`` is ``test:`` a file (and words of its test names), ``command:`` a command of this repository, or
``manual:`` what a person does, and why no test can.
"""

from __future__ import annotations

from dataclasses import dataclass

WALK = "tests/screens/test_security_walk.py"
MATRIX = "tests/screens/test_permission_matrix.py"
SIGN_IN = "tests/screens/test_sign_in.py"
STAFF = "tests/screens/test_staff_accounts.py"
SECOND = "tests/screens/test_second_factor.py"
OIDC = "tests/adapters/test_digital_agency.py"
HTTP = "tests/adapters/test_http_client.py"
RULES = "tests/unit/test_identity_rules.py"
CHAIN = "tests/services/test_audit_chain.py"
GUARDS = "tests/unit/test_production_guards.py"
PROXY = "tests/unit/test_behind_a_proxy.py"
LIMITS = "tests/screens/test_limits.py"
BREAKS = "tests/unit/test_line_breaks.py"
SCANS = "tests/services/test_file_scanning.py"
UPLOADS = "tests/services/test_upload_checks.py"
CRAWL = "tests/screens/test_crawl.py"
API = "tests/screens/test_public_api.py"
ALARMS = "tests/services/test_alarms.py"
AUDIT = "tests/unit/test_dependency_audit.py"
THINGS = "tests/screens/test_permission_objects.py"
TIMEOUTS = "tests/screens/test_timeouts.py"
UNKNOWN = "tests/screens/test_no_enumeration.py"
SIZES = "tests/unit/test_hostile_sizes.py"
RESTORE = "tests/services/test_after_restore.py"
DOCTOR = "tests/services/test_doctor.py"
SHIELDED = "tests/screens/test_protection.py"


@dataclass(frozen=True)
class Check:
    """One line of the checklist; ``tests`` are ``file`` or ``file::words in the test's name``."""

    number: int
    requirement: str
    basis: str
    tests: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    manual: str = ""


def _test(number: int, requirement: str, basis: str, *tests: str) -> Check:
    return Check(number, requirement, basis, tests=tests)


CHECKS: tuple[Check, ...] = (
    _test(
        1,
        "全応答に保護ヘッダー（HSTS, nosniff, Referrer, COOP, Permissions）",
        "ASVS 3.4.1-5",
        f"{WALK}::headers",
        f"{GUARDS}::hsts",
        f"{PROXY}::carry_every_header",
    ),
    _test(
        2,
        "CSPはdefault-src 'none'、nonce、unsafe-inlineなし",
        "ASVS 3.4.3 3.4.6 IPA 5 9",
        f"{WALK}::headers",
        f"{WALK}::inline",
        f"{PROXY}::nonce",
    ),
    _test(
        3,
        "個人のページはno-store、サインアウトでClear-Site-Data",
        "ASVS 14.3",
        f"{WALK}::kept_by_browsers",
        f"{SIGN_IN}::signing_out",
    ),
    _test(
        4,
        "文字コード明示、TRACE・版の表示なし",
        "ASVS 4.1.1 13.4 IPA 5",
        f"{WALK}::version",
        f"{WALK}::headers",
    ),
    _test(
        5,
        "Cookieは__Host-、Secure、HttpOnly、SameSite",
        "ASVS 3.3",
        f"{SIGN_IN}::cookie",
        f"{GUARDS}::cookie",
    ),
    _test(
        6,
        "サインインと段階変更で新しいID、サインアウトで即無効",
        "ASVS 7.2.4 7.4.1 IPA 4",
        f"{SIGN_IN}::cookie_changes",
        f"{SIGN_IN}::signing_out",
    ),
    _test(
        7,
        "放置・絶対時間の期限、停止・役割・要素の変更で全失効",
        "ASVS 7.3 7.4",
        f"{STAFF}::ten_hours",
        f"{STAFF}::idle",
        f"{STAFF}::stops_an_account",
        f"{STAFF}::roles_end",
        f"{SECOND}::removing",
        TIMEOUTS,
    ),
    _test(
        8,
        "全更新にトークンと送信元の確認、GETは何も変えない",
        "ASVS 3.5 IPA 6",
        f"{WALK}::token",
        f"{WALK}::another_site",
        f"{WALK}::reading_changes",
    ),
    _test(
        9,
        "state, nonce, PKCE, iss, aud, alg, exp, sub, acrの検証",
        "ASVS 10.1-10.5 9.1-2",
        OIDC,
        "tests/adapters/test_independent_provider.py",
        "tests/screens/test_broken_sign_in.py",
    ),
    _test(
        10,
        "認証の流れはブラウザに結び付き、一度だけ、10分",
        "ASVS 10.1.2",
        f"{SIGN_IN}::callback",
        f"{SIGN_IN}::ten_minutes",
        f"{SIGN_IN}::no_secret",
    ),
    _test(
        11,
        "水準を送信時に再確認、弱いacrは拒否",
        "ASVS 6.8.4 7.6.1",
        f"{OIDC}::weak_proof",
        "tests/screens/test_assurance_at_submit.py",
    ),
    _test(
        12,
        "既知・未知の利用者に同じ応答と同じ時間",
        "ASVS 6.3",
        f"{STAFF}::look_the_same",
        UNKNOWN,
        f"{GUARDS}::same_time",
    ),
    _test(
        13,
        "口座・場所・全体の制限、一時停止、他人に影響しない",
        "ASVS 6.3.1 2.4.1",
        f"{STAFF}::too_many",
        "tests/services/test_identity_throttle.py",
        LIMITS,
        f"{PROXY}::household",
    ),
    _test(
        14,
        "一回限りのコードとリンク、再設定は2要素を省かない",
        "ASVS 6.5.1 6.4.3",
        f"{SECOND}::twice",
        f"{SECOND}::works_once",
        f"{SECOND}::invitation",
        f"{SECOND}::does_not_skip",
    ),
    _test(
        15,
        "パスワードの規則、Argon2id、再ハッシュ",
        "ASVS 6.2 11.4.2",
        f"{RULES}::password",
        f"{STAFF}::outdated_hash",
    ),
    _test(16, "本番に模擬・見本アカウント・既定鍵は入れない", "ASVS 15.2.3", GUARDS),
    _test(17, "他人の案件・予約・ファイル・領収書は404", "ASVS 8.2.2 IPA 11", THINGS, MATRIX),
    _test(
        18,
        "指定管理者にカードの本人情報を渡さない",
        "ASVS 8.2.3 15.3.1",
        "tests/screens/test_designated.py",
        f"{MATRIX}::role_opens",
    ),
    _test(
        19,
        "規則のないルートは起動できない",
        "ASVS 8.1",
        f"{MATRIX}::table",
        f"{MATRIX}::new_route",
        f"{GUARDS}::without_a_guard",
    ),
    _test(
        20,
        "知らない項目・特権の項目は無視",
        "ASVS 15.3.3",
        f"{GUARDS}::unknown_fields",
        f"{CRAWL}::no_form_of_any_role",
    ),
    _test(
        21, "受付番号は推測できず、第二の秘密を伴う", "ASVS 8.2.2", "tests/unit/test_casework_reference.py"
    ),
    _test(
        22,
        "SQLは引数で渡す",
        "ASVS 1.2.4 IPA 1",
        f"{WALK}::dangerous",
        f"{WALK}::hostile",
        f"{CRAWL}::no_form_of_any_role",
    ),
    _test(
        23,
        "自動エスケープ、保存されたタグは動かない",
        "ASVS 1.2.1-3 IPA 5",
        f"{WALK}::escaping",
        f"{CRAWL}::no_form_of_any_role",
        "tests/journeys/test_hostile_markup.py",
    ),
    _test(
        24, "CSV・表計算の式を無効にする（全角も）", "ASVS 1.2.10", "tests/services/test_casework_export.py"
    ),
    _test(
        25,
        "メール・ログ・HTTPヘッダーの改行を除く",
        "ASVS 1.3.11 16.4.1 IPA 7 8",
        BREAKS,
        "tests/unit/test_downloads_header.py",
    ),
    _test(26, "転送先は自サイトの名前付きルートだけ", "ASVS 3.7.2", f"{SIGN_IN}::elsewhere"),
    _test(27, "外への通信は許可先、DNS確認後、転送なし、上限あり", "ASVS 1.3.6 15.3.2", HTTP),
    _test(
        28,
        "Hostの固定、X-Forwardedは信頼する段数だけ",
        "ASVS 4.1.3 15.3.4",
        f"{GUARDS}::host",
        f"{PROXY}::forged_host",
        f"{PROXY}::place",
    ),
    _test(29, "pickle, eval, shell, zip-slip, XML実体なし", "ASVS 1.3 IPA 2 3", f"{WALK}::dangerous"),
    _test(
        30,
        "ReDoS、JSON深さ、フォームの大きさの上限",
        "ASVS 15.2.2",
        f"{GUARDS}::large_form",
        SIZES,
        "tests/screens/test_apply.py::nested_without_end",
        f"{SIGN_IN}::without_end",
        f"{CRAWL}::no_form_of_any_role",
    ),
    _test(
        31,
        "アップロードは内容と拡張子、大きさ、数。画像は位置と後ろに付いたデータを除く（画素は撮影のまま）",
        "ASVS 5.2",
        "tests/services/test_intake_photo.py",
        "tests/services/test_upload_checks.py",
    ),
    _test(32, "検査前のファイルは渡さない。検査が止まれば保留", "ASVS 5.4.3", SCANS, f"{UPLOADS}::scanner"),
    _test(
        33,
        "保存名は乱数、添付として配信、日本語名",
        "ASVS 5.3 5.4",
        f"{SCANS}::cannot_act",
        f"{SCANS}::storage_names",
        f"{UPLOADS}::folder",
        "tests/adapters/test_storage_contract.py",
        "tests/unit/test_downloads_header.py",
    ),
    _test(
        34,
        "個人番号を受け取らない",
        "番号法 2条8項",
        "tests/screens/test_apply.py::individual_number",
        "tests/unit/test_form_engine_guard.py",
    ),
    _test(
        35,
        "職員の閲覧・検索・書き出しを記録",
        "個情法 66条",
        "tests/screens/test_staff_desk.py::on_record",
        "tests/screens/test_access_record.py",
        f"{STAFF}::trail",
        f"{SHIELDED}::leaves_the_house",
    ),
    Check(
        36, "記録は追記のみ、鎖で検証", "ASVS 16.2-4", tests=(CHAIN,), command=("flask", "audit", "verify")
    ),
    _test(
        37,
        "ログ・URLに個人情報・秘密を書かない",
        "ASVS 14.2.1 16.2.5",
        f"{GUARDS}::logs",
        f"{GUARDS}::traceback",
    ),
    _test(38, "申請内容は鍵付きで暗号化、鍵の更新", "ASVS 14.2", "tests/services/test_key_rotation.py"),
    _test(
        39,
        "手続ごとの保存期間、消去、開示用の書き出し",
        "個情法",
        "tests/services/test_intake_retention.py",
        f"{SIGN_IN}::own_data",
        "tests/screens/test_own_data.py",
    ),
    _test(40, "求める情報は表示した範囲だけ", "個情法 ASVS 10.7", f"{OIDC}::only_the_attributes"),
    _test(
        41,
        "誤りは番号だけ、止まっても開放しない",
        "ASVS 16.5",
        f"{SIGN_IN}::error_page",
        f"{OIDC}::unreachable",
        "tests/screens/test_database_down.py",
        f"{SCANS}::held",
    ),
    Check(
        42,
        "失敗の続発・権限変更・大量書き出しの警報",
        "ASVS 16.3",
        tests=(ALARMS,),
        manual="知らせを受け取る仕組みは市のものなので。監視（Zabbix等）から flask audit alarms と flask doctor を毎時呼び、一度わざと鳴らして届くことを確かめる",
    ),
    Check(
        43,
        "部品の固定とハッシュ、ライセンス付きの一覧、脆弱性の監査",
        "ASVS 15.1",
        tests=(f"{GUARDS}::dependency", AUDIT, "tests/unit/test_sbom.py"),
        manual="python3 dev.py audit を週1回。脆弱性の情報は毎日変わり、試験の中では得られないため。得られないときは終了コード2。部品表は python3 dev.py sbom",
    ),
    _test(
        44, "TLS、秘密は環境かファイル、既定値なし、設定の診断（doctor）", "ASVS 12.1 13.2-3", GUARDS, DOCTOR
    ),
    Check(
        45,
        "復元と、復元後の消去のやり直し",
        "レジリエンス",
        tests=(RESTORE,),
        manual="市の控えと鍵で戻せるかは、その控えでしか確かめられない。年1回、docs/operations.md の手順で別の機械に復元して時間を測る",
    ),
    Check(
        46,
        "診断の道具で指摘なし",
        "IPA 2章",
        tests=(API, CRAWL),
        manual="外の診断の道具は、市が公開する機械の設定（TLS、代理サーバー）まで見るため。公開前と年1回、ZAP baseline を本番と同じ構成にかけ、指摘を記録する",
    ),
    Check(
        47,
        "事故のときに影響者・時系列を出せる",
        "個情法 68条",
        tests=(f"{ALARMS}::time_line",),
        manual="影響の重さと公表の要否は人が決めるため。年1回の訓練で flask audit incident の結果を委員会の様式に写す",
    ),
    _test(48, "security.txtと窓口の公表", "方針の公表", f"{GUARDS}::security_txt"),
)
