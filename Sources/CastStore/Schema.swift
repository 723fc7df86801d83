import GRDB

/// The tables, as a list of migrations that is only ever added to: a database of any age opens.
enum Schema {
    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1 feeds, episodes, jobs, nodes") { db in
            try db.execute(sql: Self.library)
            try db.execute(sql: Self.work)
        }
        migrator.registerMigration("2 lanes, settings, events, search marks") { db in
            try db.execute(sql: Self.lanes)
            try db.execute(sql: Self.operations)
        }
        migrator.registerMigration("3 fleet") { db in
            try db.execute(sql: Self.fleet)
        }
        migrator.registerMigration("4 models of pods") { db in
            try db.execute(sql: Self.podModels)
        }
        migrator.registerMigration("messages about the fleet, devices of pods") { db in
            try db.execute(sql: Self.fleetMessages)
        }
        migrator.registerMigration("quality of transcripts, second tries") { db in
            try db.execute(sql: Self.quality)
        }
        migrator.registerMigration("where audio came from") { db in
            try db.execute(sql: Self.audioOrigins)
        }
        return migrator
    }

    /// Only of audio that was fetched: what somebody handed in has no publisher's bytes to be held against.
    private static let audioOrigins = """
        CREATE TABLE audioOrigin (
            episodeID INTEGER PRIMARY KEY REFERENCES episode (id) ON DELETE CASCADE,
            url TEXT NOT NULL,
            size INTEGER NOT NULL CHECK (size > 0),
            sha256 BLOB NOT NULL CHECK (length(sha256) = 32),
            etag TEXT,
            lastModified TEXT
        ) STRICT;
        -- Whoever puts other audio in place, or removes it, need not know of this table.
        CREATE TRIGGER audioOriginGone AFTER UPDATE OF audioPath, audioSize ON episode
        BEGIN
            DELETE FROM audioOrigin WHERE episodeID = new.id;
        END;
        -- Whether it asks not to be listed. Of a feed that was read before, that is not known: taken as yes, and read anew.
        ALTER TABLE feed ADD COLUMN isUnlisted INTEGER NOT NULL DEFAULT 1 CHECK (isUnlisted IN (0, 1));
        UPDATE feed SET etag = NULL, lastModified = NULL;
        """

    private static let podModels = """
        CREATE TABLE podModel (
            id TEXT PRIMARY KEY,
            displayName TEXT NOT NULL,
            backend TEXT NOT NULL CHECK (backend IN ('whisper', 'parakeet')),
            isEnabled INTEGER NOT NULL DEFAULT 1 CHECK (isEnabled IN (0, 1)),
            sortOrder INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        INSERT INTO podModel (id, displayName, backend, sortOrder) VALUES
            ('parakeet-tdt-0.6b-v3', 'Parakeet TDT 0.6B v3 (fast, 25 EU languages)', 'parakeet', 10),
            ('large-v3-turbo', 'Whisper large-v3-turbo', 'whisper', 20),
            ('large-v3', 'Whisper large-v3', 'whisper', 30),
            ('large-v2', 'Whisper large-v2', 'whisper', 40),
            ('medium', 'Whisper medium', 'whisper', 50),
            ('small', 'Whisper small', 'whisper', 60);

        -- What this server is known by elsewhere: pods carry its id.
        CREATE TABLE identity (
            name TEXT PRIMARY KEY,
            value TEXT NOT NULL
        ) STRICT, WITHOUT ROWID;
        """

    private static let library = """
        CREATE TABLE feed (
            id INTEGER PRIMARY KEY,
            url TEXT NOT NULL UNIQUE,
            title TEXT NOT NULL,
            description TEXT,
            imageURL TEXT,
            customTitle TEXT,
            author TEXT,
            link TEXT,
            language TEXT,
            categories TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(categories)),
            folder TEXT NOT NULL UNIQUE COLLATE NOCASE,
            etag TEXT,
            lastModified TEXT,
            lastPolledAt REAL,
            lastError TEXT,
            createdAt REAL NOT NULL,
            updatedAt REAL NOT NULL
        ) STRICT;

        CREATE TABLE episode (
            id INTEGER PRIMARY KEY,
            feedID INTEGER NOT NULL REFERENCES feed (id) ON DELETE CASCADE,
            guid TEXT NOT NULL,
            title TEXT NOT NULL,
            description TEXT,
            link TEXT,
            audioURL TEXT,
            duration REAL CHECK (duration >= 0),
            publishedAt REAL,
            state TEXT NOT NULL DEFAULT 'new' CHECK (state IN ('new', 'awaiting_transcript', 'needs_audio',
                'downloading', 'audio_ready', 'transcribing', 'completed', 'failed')),
            stem TEXT NOT NULL COLLATE NOCASE,
            audioPath TEXT,
            audioSize INTEGER,
            transcriptPath TEXT,
            transcriptModel TEXT,
            transcriptSource TEXT,
            error TEXT,
            createdAt REAL NOT NULL,
            updatedAt REAL NOT NULL,
            UNIQUE (feedID, guid),
            UNIQUE (feedID, stem),
            CHECK ((transcriptPath IS NULL) = (transcriptSource IS NULL)),
            CHECK ((audioPath IS NULL) = (audioSize IS NULL))
        ) STRICT;
        CREATE INDEX episodeByDateOfAll ON episode (publishedAt DESC, id DESC);
        CREATE INDEX episodeByDate ON episode (feedID, publishedAt DESC, id DESC);
        CREATE INDEX episodeByState ON episode (feedID, state);
        """

    private static let work = """
        CREATE TABLE node (
            id TEXT PRIMARY KEY,
            name TEXT NOT NULL,
            url TEXT NOT NULL,
            model TEXT,
            backend TEXT,
            priority INTEGER NOT NULL DEFAULT 10,
            keyHash BLOB NOT NULL CHECK (length(keyHash) = 32),
            lastHeartbeatAt REAL,
            createdAt REAL NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX nodeByName ON node (name);
        CREATE UNIQUE INDEX nodeByKey ON node (keyHash);

        CREATE TABLE job (
            id INTEGER PRIMARY KEY,
            episodeID INTEGER NOT NULL REFERENCES episode (id) ON DELETE CASCADE,
            kind TEXT NOT NULL CHECK (kind IN ('download', 'transcribe')),
            priority INTEGER NOT NULL,
            attempts INTEGER NOT NULL CHECK (attempts >= 0),
            maxAttempts INTEGER NOT NULL CHECK (maxAttempts > 0),
            error TEXT,
            createdAt REAL NOT NULL,
            scheduledAt REAL NOT NULL,
            followUp TEXT CHECK (followUp IN ('download', 'transcribe')),
            state TEXT NOT NULL CHECK (state IN ('queued', 'running', 'completed', 'failed')),
            notBefore REAL,
            nodeID TEXT,
            attemptID TEXT,
            leaseSince REAL,
            leaseUntil REAL,
            hasBegun INTEGER NOT NULL DEFAULT 0 CHECK (hasBegun IN (0, 1)),
            progress INTEGER NOT NULL DEFAULT 0 CHECK (progress BETWEEN 0 AND 100),
            touchedAt REAL,
            missingSince REAL,
            endedAt REAL,
            CHECK ((state = 'queued') = (notBefore IS NOT NULL)),
            CHECK ((state = 'running') = (leaseUntil IS NOT NULL)),
            CHECK ((state = 'running') = (attemptID IS NOT NULL)),
            CHECK ((state = 'running') = (leaseSince IS NOT NULL)),
            CHECK ((state = 'running') = (touchedAt IS NOT NULL)),
            CHECK (state <> 'running' OR nodeID IS NOT NULL),
            CHECK (state <> 'queued' OR nodeID IS NULL),
            CHECK ((state IN ('completed', 'failed')) = (endedAt IS NOT NULL))
        ) STRICT;
        -- One active job of a kind an episode, whatever the code does.
        CREATE UNIQUE INDEX jobActive ON job (episodeID, kind) WHERE state IN ('queued', 'running');
        CREATE INDEX jobClaimable ON job (kind, priority, scheduledAt, id) WHERE state = 'queued';
        CREATE INDEX jobLeased ON job (nodeID) WHERE state = 'running';
        CREATE INDEX jobOfEpisode ON job (episodeID, id);
        CREATE INDEX jobFailed ON job (episodeID, kind) WHERE state = 'failed';
        CREATE INDEX jobByState ON job (kind, state, endedAt);

        -- Every try at a job: who, when, and what came of it. It lets a late result in, and tells people why.
        CREATE TABLE attempt (
            id TEXT PRIMARY KEY,
            jobID INTEGER NOT NULL REFERENCES job (id) ON DELETE CASCADE,
            nodeID TEXT NOT NULL,
            startedAt REAL NOT NULL,
            -- When recognition began; until then the job waited at its node.
            begunAt REAL,
            endedAt REAL,
            outcome TEXT CHECK (outcome IN ('completed', 'failed', 'released', 'expired', 'superseded')),
            error TEXT,
            CHECK ((endedAt IS NULL) = (outcome IS NULL))
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX attemptOfJob ON attempt (jobID, startedAt);
        """

    /// Jobs get a lane, a place in it and perhaps a model; the table is made anew because its kinds grow by one.
    private static let lanes = """
        ALTER TABLE feed ADD COLUMN model TEXT;
        ALTER TABLE feed ADD COLUMN autoQueue TEXT NOT NULL DEFAULT 'new' CHECK (autoQueue IN ('none', 'new', 'all'));
        ALTER TABLE feed ADD COLUMN takesPublished INTEGER NOT NULL DEFAULT 1 CHECK (takesPublished IN (0, 1));
        ALTER TABLE feed ADD COLUMN failures INTEGER NOT NULL DEFAULT 0 CHECK (failures >= 0);
        ALTER TABLE feed ADD COLUMN nextPollAt REAL;
        CREATE INDEX feedDue ON feed (nextPollAt);

        -- What the feed offers: a list of objects with url, type and language.
        ALTER TABLE episode ADD COLUMN published TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(published));
        -- Why none of them could be used; another list clears it.
        ALTER TABLE episode ADD COLUMN publishedFault TEXT;
        ALTER TABLE episode ADD COLUMN transcribedAt REAL;
        UPDATE episode SET transcribedAt = updatedAt WHERE transcriptPath IS NOT NULL;
        -- What full-text search has to know of it anew, and what it knows.
        ALTER TABLE episode ADD COLUMN searchWanted INTEGER NOT NULL DEFAULT 1;
        ALTER TABLE episode ADD COLUMN searchDone INTEGER NOT NULL DEFAULT 0;
        CREATE INDEX episodeUnindexed ON episode (id) WHERE searchWanted <> searchDone;
        CREATE INDEX episodeByStateOfAll ON episode (state, publishedAt DESC, id DESC);
        CREATE INDEX episodeWithAudio ON episode (transcribedAt) WHERE audioPath IS NOT NULL AND transcribedAt IS NOT NULL;
        CREATE TRIGGER episodeSearchChange AFTER UPDATE OF title, description, transcribedAt, transcriptPath ON episode
        BEGIN
            UPDATE episode SET searchWanted = searchWanted + 1 WHERE id = new.id;
        END;
        CREATE TABLE episodeGone (id INTEGER PRIMARY KEY) STRICT;
        CREATE TRIGGER episodeSearchRemoval AFTER DELETE ON episode
        BEGIN
            INSERT OR REPLACE INTO episodeGone (id) VALUES (old.id);
        END;

        CREATE TABLE laterJob (
            id INTEGER PRIMARY KEY,
            episodeID INTEGER NOT NULL REFERENCES episode (id) ON DELETE CASCADE,
            feedID INTEGER NOT NULL,
            kind TEXT NOT NULL CHECK (kind IN ('download', 'transcribe', 'transcript_download')),
            priority INTEGER NOT NULL,
            -- 0 for a fresh episode, 1 for the archive.
            lane INTEGER NOT NULL DEFAULT 1 CHECK (lane IN (0, 1)),
            -- Its feed's how-manieth turn in the lane it is: feeds take turns.
            turn INTEGER NOT NULL DEFAULT 0,
            -- Only nodes with this model may have it.
            model TEXT,
            attempts INTEGER NOT NULL CHECK (attempts >= 0),
            maxAttempts INTEGER NOT NULL CHECK (maxAttempts > 0),
            error TEXT,
            createdAt REAL NOT NULL,
            scheduledAt REAL NOT NULL,
            followUp TEXT CHECK (followUp IN ('download', 'transcribe')),
            state TEXT NOT NULL CHECK (state IN ('queued', 'running', 'completed', 'failed')),
            notBefore REAL,
            nodeID TEXT,
            attemptID TEXT,
            leaseSince REAL,
            leaseUntil REAL,
            hasBegun INTEGER NOT NULL DEFAULT 0 CHECK (hasBegun IN (0, 1)),
            progress INTEGER NOT NULL DEFAULT 0 CHECK (progress BETWEEN 0 AND 100),
            touchedAt REAL,
            missingSince REAL,
            endedAt REAL,
            CHECK ((state = 'queued') = (notBefore IS NOT NULL)),
            CHECK ((state = 'running') = (leaseUntil IS NOT NULL)),
            CHECK ((state = 'running') = (attemptID IS NOT NULL)),
            CHECK ((state = 'running') = (leaseSince IS NOT NULL)),
            CHECK ((state = 'running') = (touchedAt IS NOT NULL)),
            CHECK (state <> 'running' OR nodeID IS NOT NULL),
            CHECK (state <> 'queued' OR nodeID IS NULL),
            CHECK ((state IN ('completed', 'failed')) = (endedAt IS NOT NULL))
        ) STRICT;
        INSERT INTO laterJob (id, episodeID, feedID, kind, priority, attempts, maxAttempts, error, createdAt, scheduledAt,
            followUp, state, notBefore, nodeID, attemptID, leaseSince, leaseUntil, hasBegun, progress, touchedAt,
            missingSince, endedAt)
        SELECT j.id, j.episodeID, e.feedID, j.kind, j.priority, j.attempts, j.maxAttempts, j.error, j.createdAt,
            j.scheduledAt, j.followUp, j.state, j.notBefore, j.nodeID, j.attemptID, j.leaseSince, j.leaseUntil,
            j.hasBegun, j.progress, j.touchedAt, j.missingSince, j.endedAt
        FROM job j JOIN episode e ON e.id = j.episodeID;
        DROP TABLE job;
        ALTER TABLE laterJob RENAME TO job;
        -- One active job of a kind an episode, whatever the code does.
        CREATE UNIQUE INDEX jobActive ON job (episodeID, kind) WHERE state IN ('queued', 'running');
        CREATE INDEX jobClaimable ON job (kind, model, priority, lane, turn, scheduledAt, id) WHERE state = 'queued';
        CREATE INDEX jobInOrder ON job (kind, priority, lane, turn, scheduledAt, id) WHERE state = 'queued';
        CREATE INDEX jobLeased ON job (nodeID) WHERE state = 'running';
        CREATE INDEX jobOfEpisode ON job (episodeID, id);
        CREATE INDEX jobFailed ON job (episodeID, kind) WHERE state = 'failed';
        CREATE INDEX jobByState ON job (kind, state, endedAt);
        CREATE INDEX jobEnded ON job (endedAt) WHERE endedAt IS NOT NULL;

        -- The last turn that a feed was given in a lane, and the lane's own clock (feed 0): the turn handed out last.
        CREATE TABLE turn (
            kind TEXT NOT NULL,
            lane INTEGER NOT NULL,
            feedID INTEGER NOT NULL,
            last INTEGER NOT NULL,
            PRIMARY KEY (kind, lane, feedID)
        ) STRICT, WITHOUT ROWID;

        -- Kinds of which nothing is handed out until a person says so.
        CREATE TABLE pause (
            kind TEXT PRIMARY KEY CHECK (kind IN ('download', 'transcribe', 'transcript_download')),
            since REAL NOT NULL,
            reason TEXT
        ) STRICT, WITHOUT ROWID;
        """

    private static let operations = """
        CREATE TABLE setting (
            name TEXT PRIMARY KEY,
            value TEXT NOT NULL,
            updatedAt REAL NOT NULL
        ) STRICT, WITHOUT ROWID;

        -- What happened, written with the change that it tells of; old ones are removed.
        CREATE TABLE event (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            at REAL NOT NULL,
            kind TEXT NOT NULL,
            episodeID INTEGER,
            feedID INTEGER,
            jobID INTEGER,
            nodeID TEXT,
            detail TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(detail))
        ) STRICT;
        CREATE INDEX eventByTime ON event (at);
        CREATE INDEX eventOfEpisode ON event (episodeID, id) WHERE episodeID IS NOT NULL;
        """
}
