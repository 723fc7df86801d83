import GRDB

/// The tables, as a list of migrations that is only ever added to: a database of any age opens.
enum Schema {
    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1 feeds, episodes, jobs, nodes") { db in
            try db.execute(sql: Self.library)
            try db.execute(sql: Self.work)
        }
        return migrator
    }

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
}
