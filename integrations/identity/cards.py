"""The sample residents of the card simulator. None of them exists; every card is marked 模擬."""

from __future__ import annotations

from dataclasses import dataclass

TOWN = "見本県みほん市"


@dataclass(frozen=True)
class Card:
    """One card: what the register says, and what the tester should know about the person."""

    key: str
    name: str
    address: str
    birthdate: str
    gender: str
    note: str
    kana: str = ""
    protected: bool = False
    """支援措置: the counter must never lead anyone else to this person."""
    name_substituted: bool = False
    state: str = "good"
    """``good``, ``revoked`` or ``expired``: what happens when the tester leaves the outcome to the card."""


CARDS: tuple[Card, ...] = (
    Card(
        "hanako", "見本　花子", f"{TOWN}中央一丁目2番3号", "19880412", "2", "市内に住む人", "ミホン　ハナコ"
    ),
    Card(
        "taro",
        "見本　太郎",
        f"{TOWN}中央一丁目2番3号",
        "19850723",
        "1",
        "花子さんと同じ世帯。小学生の保護者",
        "ミホン　タロウ",
    ),
    Card("mirai", "見本　みらい", f"{TOWN}中央一丁目2番3号", "20110508", "2", "未成年", "ミホン　ミライ"),
    Card(
        "tonari",
        "隣町　一郎",
        "見本県となり市本町四丁目5番6号",
        "19790130",
        "1",
        "市の外に住む人",
        "トナリマチ　イチロウ",
    ),
    Card(
        "takashi",
        "\u9ad9橋　\U00020bb7\ufa11葛\U000e0100",
        f"{TOWN}\u6e23\u6f5f川町7番地",
        "19680229",
        "1",
        "氏名に髙・𠮷・﨑と異体字セレクタ",
        "タカハシ　ヨシサキ",
    ),
    Card(
        "shien",
        "見本　しずか",
        f"{TOWN}緑町8番9号",
        "19920901",
        "2",
        "支援措置を受けている人（DV等）",
        "ミホン　シズカ",
        True,
    ),
    Card(
        "ume",
        "見本　ウメ",
        f"{TOWN}大字山里100番地",
        "19350000",
        "2",
        "高齢の人。生まれた月日は不明",
        "ミホン　ウメ",
    ),
    Card(
        "maria",
        "GARCIA LOPEZ DE LA CRUZ MARIA FERNANDA CONCEPCION",
        f"{TOWN}港町三丁目10番11-1205号 みほんインターナショナルハイツ東館",
        "19950315",
        "2",
        "外国籍の人。長い氏名と住所",
        "ガルシア　ロペス　マリア",
    ),
    Card(
        "daiji",
        "見本　辻",
        f"{TOWN}東町1番1号",
        "19601103",
        "1",
        "氏名に代替文字がある人",
        "ミホン　ツジ",
        name_substituted=True,
    ),
    Card(
        "revoked",
        "見本　しっこう",
        f"{TOWN}西町2番2号",
        "19770707",
        "1",
        "カードが失効している人",
        "ミホン　シッコウ",
        state="revoked",
    ),
)

COMPANIES: tuple[Card, ...] = (
    Card("shokai", "みほん商会株式会社", f"{TOWN}本町二丁目4番6号", "", "", "市内の会社"),
    Card("taiso", "みほん体操クラブ", f"{TOWN}中央一丁目9番1号", "", "", "市内の団体"),
)
STAFF: tuple[Card, ...] = tuple(
    Card(f"staff-{login}", name, "", "", "", "職員")
    for login, name in (("shimin", "市民　花子"), ("zeimu", "税務　太郎"), ("shinjin", "新人　はじめ"))
)
BY_KEY = {card.key: card for card in (*CARDS, *COMPANIES, *STAFF)}

OUTCOMES: dict[str, str] = {
    "normal": "正常に読み取る",
    "cancel": "本人が中止する",
    "expired": "有効期限が切れている",
    "revoked": "カードが失効している",
    "wrong_pin": "暗証番号を間違える",
    "pin_locked": "暗証番号がロックされている",
    "timeout": "応答がない（時間切れ）",
    "down": "相手のサービスが止まっている",
}

FAULTS: dict[str, str] = {
    "wrong_issuer": "発行者が違う",
    "wrong_audience": "宛先が違う",
    "two_audiences": "宛先が二つある",
    "wrong_azp": "azpが違う",
    "wrong_nonce": "nonceが違う",
    "alg_none": "署名なし（alg none）",
    "alg_hs256": "公開鍵をHS256の鍵に使う",
    "alg_rs256": "RS256で署名する",
    "unknown_key": "知らない鍵で署名する",
    "bad_signature": "署名を壊す",
    "critical_header": "知らないcritヘッダー",
    "expired_token": "期限が切れている",
    "future_token": "発行時刻が未来",
    "old_token": "発行時刻が古い",
    "not_yet_valid": "まだ有効でない（nbf）",
    "missing_id_token": "id_tokenがない",
    "missing_access_token": "access_tokenがない",
    "wrong_token_type": "token_typeが違う",
    "empty_subject": "subが空",
    "wrong_at_hash": "at_hashが違う",
    "missing_at_hash": "at_hashがない",
    "low_acr": "acrが弱い（aal2）",
    "missing_acr": "acrがない",
    "swapped_userinfo": "userinfoのsubが別人",
    "userinfo_text": "userinfoがJSONでない",
    "missing_name": "氏名がない",
    "bad_birthdate": "生年月日の形が違う",
    "garbled_id_token": "id_tokenの形が違う",
    "token_text": "トークン応答がJSONでない",
    "token_redirect": "トークン応答が転送",
    "huge_answer": "応答が大きすぎる",
    "wrong_state": "stateが違う",
    "wrong_callback_issuer": "戻り先のissが違う",
    "missing_code": "codeがない",
    "replayed_code": "使用済みのcodeを返す",
}

SIGN_FAULTS: dict[str, str] = {
    "other_document": "別の文書に署名する",
    "other_signer": "別の人の証明書で署名する",
    "unknown_ca": "知らない認証局の証明書",
    "expired_certificate": "期限の切れた証明書",
}
