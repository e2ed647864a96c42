-- The log file of format 1, as version 0.1.0 began it. Never changed: such files are out there, and are taken over.
  CREATE TABLE entries (
    position INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
    stream TEXT NOT NULL,
    revision INTEGER NOT NULL,
    type TEXT NOT NULL,
    version INTEGER NOT NULL,
    data TEXT NOT NULL,
    meta TEXT NOT NULL,
    time TEXT NOT NULL,
    UNIQUE (stream, revision)
  ) STRICT;
  CREATE TABLE notes (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
  -- What is recorded stays as it is, whoever holds the file open: no update, no delete, no replacing insert, no hole.
  CREATE TRIGGER entries_are_not_changed BEFORE UPDATE ON entries BEGIN SELECT RAISE(ABORT, 'entries are never changed'); END;
  CREATE TRIGGER entries_are_not_removed BEFORE DELETE ON entries BEGIN SELECT RAISE(ABORT, 'entries are never removed'); END;
  -- Id and revision are checked here too: a replacing insert at the right position would take away another entry that has
  -- them, and a connection without recursive_triggers fires no delete trigger for that.
  CREATE TRIGGER entries_are_only_appended BEFORE INSERT ON entries BEGIN
    SELECT RAISE(ABORT, 'a position follows the one before it') WHERE NEW.position IS NOT (SELECT coalesce(max(position), 0) + 1 FROM entries);
    SELECT RAISE(ABORT, 'a revision follows the one before it') WHERE NEW.revision IS NOT (SELECT coalesce(max(revision), 0) + 1 FROM entries WHERE stream = NEW.stream);
    SELECT RAISE(ABORT, 'a command is recorded once') WHERE EXISTS (SELECT 1 FROM entries WHERE id = NEW.id);
  END;
PRAGMA application_id = 1229147185;
PRAGMA user_version = 1;
PRAGMA journal_mode = WAL;
INSERT INTO notes VALUES ('log id', '0193f1a0-0000-7000-8000-00000000feed'), ('first start', '2026-01-01T00:00:00.000Z');
