extension Schema {
    static let fleet = """
        -- Pods, from the intent to have one until a day after they are gone. The body is the whole pod; the columns are
        -- what must be true of it whatever the code does.
        CREATE TABLE pod (
            instance TEXT PRIMARY KEY,
            name TEXT NOT NULL,
            state TEXT NOT NULL CHECK (state IN ('creating', 'starting', 'connecting', 'installing', 'ready',
                'draining', 'terminating', 'gone')),
            podID TEXT,
            nodeID TEXT,
            plannedAt REAL NOT NULL,
            movedAt REAL NOT NULL,
            body TEXT NOT NULL CHECK (json_valid(body)),
            CHECK (state NOT IN ('starting', 'connecting', 'installing', 'ready', 'draining') OR podID IS NOT NULL),
            CHECK (state NOT IN ('ready', 'draining') OR nodeID IS NOT NULL),
            CHECK (state NOT IN ('creating', 'gone') OR podID IS NULL)
        ) STRICT, WITHOUT ROWID;
        -- No pod of the provider's has two owners.
        CREATE UNIQUE INDEX podByProviderID ON pod (podID) WHERE podID IS NOT NULL;

        -- The ledger: what each pod cost. Amounts are millionths of a dollar.
        CREATE TABLE podRun (
            id TEXT PRIMARY KEY,
            instance TEXT NOT NULL,
            podID TEXT NOT NULL,
            gpu TEXT NOT NULL,
            gpuName TEXT NOT NULL,
            cloud TEXT NOT NULL CHECK (cloud IN ('community', 'secure')),
            model TEXT NOT NULL,
            pricePerHour INTEGER NOT NULL CHECK (pricePerHour >= 0),
            startedAt REAL NOT NULL,
            endedAt REAL CHECK (endedAt >= startedAt),
            endReason TEXT,
            billed INTEGER,
            jobs INTEGER NOT NULL DEFAULT 0,
            audioSeconds REAL NOT NULL DEFAULT 0,
            busySeconds REAL NOT NULL DEFAULT 0
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX podRunByStart ON podRun (startedAt);
        CREATE UNIQUE INDEX podRunOpen ON podRun (podID) WHERE endedAt IS NULL;

        CREATE TABLE podLaunch (
            position INTEGER PRIMARY KEY,
            instance TEXT NOT NULL,
            at REAL NOT NULL,
            failure TEXT
        ) STRICT;

        CREATE TABLE capacityRefusal (
            gpu TEXT NOT NULL,
            cloud TEXT NOT NULL CHECK (cloud IN ('community', 'secure')),
            dataCentre TEXT NOT NULL DEFAULT '',
            count INTEGER NOT NULL CHECK (count > 0),
            at REAL NOT NULL,
            PRIMARY KEY (gpu, cloud, dataCentre)
        ) STRICT, WITHOUT ROWID;

        -- One row: what the fleet as a whole knows.
        CREATE TABLE fleet (
            id INTEGER PRIMARY KEY CHECK (id = 1),
            pauseUntil REAL,
            pauseReason TEXT,
            lastPurchaseAt REAL,
            lastLeftAt REAL,
            auditedAt REAL,
            unexplained TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(unexplained)),
            CHECK ((pauseUntil IS NULL) = (pauseReason IS NULL))
        ) STRICT;
        INSERT INTO fleet (id) VALUES (1);

        CREATE TABLE fleetEvent (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            at REAL NOT NULL,
            kind TEXT NOT NULL,
            instance TEXT,
            message TEXT NOT NULL,
            facts TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(facts))
        ) STRICT;
        CREATE INDEX fleetEventOfInstance ON fleetEvent (instance, id) WHERE instance IS NOT NULL;
        """

    static let fleetMessages = """
        -- Up to which event people have been told by message, and of what: of each subject once.
        ALTER TABLE fleet ADD COLUMN noticedEvent INTEGER NOT NULL DEFAULT 0;
        -- Whose work a run paid for: attempts name the node.
        ALTER TABLE podRun ADD COLUMN nodeID TEXT;
        CREATE TABLE noticed (
            subject TEXT PRIMARY KEY,
            at REAL NOT NULL
        ) STRICT, WITHOUT ROWID;
        """
}
