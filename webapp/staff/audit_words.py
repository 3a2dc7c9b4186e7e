"""The trail in the words of the office; the keys stay beside them, as they are searched."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from webapp.casework.states import LIVES
from webapp.casework.timeline import WORDS

ACTIONS: Mapping[str, str] = MappingProxyType(
    {
        "access.lift": "閲覧記録を見せるように戻した",
        "access.shield": "閲覧記録を見せない設定にした",
        "application.submit": "申請を送った",
        "approval.alone": "承認者がいないまま1人で行った",
        "approval.approved": "求められた操作を承認した",
        "approval.ask": "承認を求めた",
        "approval.refused": "求められた操作を断った",
        "audit.search": "操作記録を調べた",
        "booking.attended": "来館を記録した",
        "booking.target": "施設の目標を決めた",
        "booking.overtime": "時間超過を記録した",
        "booking.beyond_limit": "上限をこえて予約を受け付けた",
        "broadcast.approve": "お知らせを承認した",
        "broadcast.ask": "お知らせの承認を求めた",
        "broadcast.cancel": "お知らせを取りやめた",
        "broadcast.return": "お知らせを差し戻した",
        "broadcast.save": "お知らせを書いた",
        "broadcast.trigger": "防災システムからお知らせを始めた",
        "case.correction_letter": "補正の文書を出した",
        "case.document": "交付した文書を開いた",
        "case.export": "案件を書き出した",
        "case.file": "添付ファイルを開いた",
        "case.receipt": "受付票を出した",
        "case.search": "受付箱を言葉で探した",
        "case.seen": "新着の印を外した",
        "case.signature": "署名の記録を開いた",
        "case.ticks": "確認済みの印を付けた",
        "case.view": "案件を開いた",
        "channel.resume": "止まった送信を再開した",
        "charge.blocked": "支払いを止めた",
        "charge.cancelled": "請求を取り消した",
        "charge.opened": "請求した",
        "charge.raised": "請求額を増やした",
        "charge.reduced": "請求額を減らした",
        "charge.restored": "取り消した請求を戻した",
        "charge.unblocked": "支払いを再び受けられるようにした",
        "charge.view": "請求を開いた",
        "charge.waived": "減免した",
        "closure.ended": "施設の休止を終えた",
        "closure.made": "施設を休止した",
        "correction.answer": "補正を受け取った",
        "correction.call_off": "補正の求めを取りやめた",
        "correction.open": "補正を求めた",
        "document.open": "交付された文書を開いた",
        "draft.discard": "下書きを消した",
        "draft.expire": "古い下書きを消した",
        "draft.hand_over": "下書きを引き継いだ",
        "draft.start": "書き始めた",
        "draft.upgrade": "下書きを新しい様式に替えた",
        "file.infected": "ファイルからウイルスが見つかった",
        "line.link": "LINEを連携した",
        "line.unlink": "LINEの連携をやめた",
        "mandate.accept": "代理を引き受けた",
        "mandate.decline": "代理を断った",
        "mandate.offer": "代理を頼んだ",
        "mandate.revoke": "代理を終えた",
        "mandate.verify": "窓口で代理を登録した",
        "message.again": "お知らせをもう一度送ることにした",
        "message.leave": "お知らせをそのままにした",
        "message.mail": "お知らせをメールで送ることにした",
        "payment.counted": "合わない入金を請求に充てた",
        "payment.parked": "確認が必要な入金があった",
        "payment.settled": "入金した",
        "procedure.publish": "手続きを公開した",
        "refund.approved": "還付を承認した",
        "refund.bounced": "還付が戻ってきた",
        "refund.handed_over": "還付を渡した",
        "refund.proposed": "還付を起案した",
        "refund.retried": "還付をやり直した",
        "refund.succeeded": "還付が済んだ",
        "refund.withdrawn": "還付の起案を取り下げた",
        "registration.accepted": "利用者登録を認めた",
        "registration.forgotten": "期限の切れた利用者登録を消した",
        "registration.made": "利用者登録を受け付けた",
        "registration.refused": "利用者登録を認めなかった",
        "registration.renewed": "利用者登録を更新した",
        "registration.reopened": "利用者登録の審査に戻した",
        "registration.shortened": "利用者登録の期限を縮めた",
        "resident.close": "利用者がアカウントを閉じた",
        "resident.link": "別の番号と同じ利用者と確かめた",
        "resident.profile": "利用者が登録情報を変えた",
        "resident.protect": "支援措置の対象にした",
        "resident.relink": "利用者の番号を付け替えた",
        "resident.sign_in": "利用者がサインインした",
        "resident.unprotect": "支援措置の設定を外した",
        "retention.anonymise": "保存期間が過ぎ、匿名にした",
        "retention.delete": "保存期間が過ぎ、消した",
        "retention.erase": "保存期間が過ぎた案件を消した",
        "signature.judged": "電子署名を検証した",
        "staff.absence": "不在を設定した",
        "staff.change": "アカウントを変えた",
        "staff.create": "アカウントを作った",
        "staff.deactivate": "アカウントを止めた",
        "staff.factor_added": "2つめの確認方法を登録した",
        "staff.factor_removed": "2つめの確認方法を消した",
        "staff.factors_reset": "2つめの確認方法をすべて消した",
        "staff.invite": "招待を作った",
        "staff.link": "共通アカウントと結び付けた",
        "staff.password": "パスワードを変えた",
        "staff.reactivate": "アカウントを再び使えるようにした",
        "staff.recovery_codes": "復旧コードを作った",
        "staff.roles": "役割を変えた",
        "staff.second_factor": "2つめの確認をした",
        "staff.second_factor_refused": "2つめの確認に失敗した",
        "staff.sign_in": "サインインした",
        "staff.sign_in_refused": "サインインに失敗した",
        "staff.sign_out": "サインアウトした",
        "trigger.approve": "自動配信を承認した",
        "trigger.withdraw": "自動配信の承認を取り消した",
        "visit.end": "窓口の手続きを終えた",
        "visit.identified": "窓口でカードを読み取った",
        "visit.start": "来庁者の手続きを始めた",
    }
)
OBJECTS: Mapping[str, str] = MappingProxyType(
    {
        "approval": "承認",
        "audit": "操作記録",
        "booking": "予約",
        "broadcast": "お知らせ",
        "case": "案件",
        "channel": "送信の経路",
        "charge": "請求",
        "closure": "休止",
        "correction": "補正",
        "document": "交付した文書",
        "draft": "下書き",
        "facility": "施設",
        "file": "ファイル",
        "inbox": "受付箱",
        "issuer": "本人確認の発行元",
        "line_account": "LINE",
        "mandate": "代理",
        "outbox_message": "送信",
        "prepared_notice": "用意した文例",
        "procedure": "手続き",
        "refund": "還付",
        "registration": "利用者登録",
        "resident": "利用者",
        "signature": "電子署名",
        "staff": "職員",
        "visit": "来庁者の端末",
    }
)
CHANNELS: Mapping[str, str] = MappingProxyType(
    {
        "web": "画面",
        "system": "自動",
        "counter": "窓口",
        "paper": "郵送・紙",
        "phone": "電話",
        "line": "LINE",
        "command": "コマンド",
    }
)


def action_words(action: str) -> str:
    """Return the words of an action; a step on a case is called as officers call it; else the key itself."""
    known = ACTIONS.get(action)
    if known:
        return known
    step = action.removeprefix("case.")
    if step == action:
        return action
    for life in LIVES.values():
        if step in life.steps:
            return f"案件: {life.steps[step].label}"
    return f"案件: {WORDS[step].ja}" if step in WORDS else action
