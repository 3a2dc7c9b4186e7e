def test_database_copy_is_fresh(session):
    from webapp.audit import SYSTEM, AuditEntry, record

    record(session, SYSTEM, "seen", object_kind="case", object_id=1)
    session.flush()
    assert session.query(AuditEntry).count() == 1
