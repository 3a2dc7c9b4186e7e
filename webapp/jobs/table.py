"""All periodic jobs in one table: what runs, and when."""

from __future__ import annotations

from datetime import time
from typing import Final

from webapp.jobs import casework, notices, payment, upkeep
from webapp.jobs.clockwork import Job

JOBS: Final[tuple[Job, ...]] = (
    Job("outbox_expiry", upkeep.expire_messages, every_minutes=1),
    Job("unread", upkeep.mail_unread, every_minutes=10),
    Job("emergency_mail", notices.mail_stuck_emergencies, every_minutes=1),
    Job("garbage", notices.tell_garbage, every_minutes=5),
    Job("broadcasts", notices.send_due, every_minutes=1),
    Job("booking_holds", casework.expire_holds, every_minutes=1),
    Job("payment_reconciliation", casework.reconcile_payments, every_minutes=5),
    # After the provider was asked: a booking whose slip ran out lapses in the same minute.
    Job("booking_unpaid", casework.lapse_unpaid, every_minutes=5),
    Job("booking_reminders", casework.remind_bookings, at=time(9, 0)),
    Job("payment_reminders", payment.remind, at=time(9, 10)),
    Job("payment_refunds", payment.watch_refunds, at=time(6, 10)),
    Job("payment_payouts", payment.record_payouts, at=time(6, 0)),
    Job("audit_seal", casework.seal_audit, every_minutes=5),
    Job("sessions_cleanup", casework.clean_sessions, every_minutes=60),
    Job("file_scans", upkeep.scan_files, every_minutes=5),
    Job("drafts_cleanup", casework.expire_drafts, at=time(3, 0)),
    # Before retention: a use of yesterday ends today, and its years begin.
    Job("booking_used", casework.close_used, at=time(2, 15)),
    Job("registrations_lapse", casework.lapse_registrations, at=time(2, 30)),
    Job("retention", casework.erase_old_cases, at=time(2, 45)),
    # After retention: the cases about a registration and its bookings go first.
    Job("registrations_forgotten", casework.forget_registrations, at=time(2, 55)),
    Job("passwords_cleanup", casework.forget_passwords, at=time(3, 20)),
    Job("correction_reminders", casework.remind_corrections, at=time(8, 0)),
    Job("duty_reminders", casework.remind_duties, at=time(8, 5)),
    Job("staff_digests", casework.send_digests, at=time(8, 15)),
    Job("talk_cleanup", upkeep.forget_talk, at=time(3, 15)),
    Job("links_cleanup", upkeep.forget_links, at=time(3, 10)),
)
