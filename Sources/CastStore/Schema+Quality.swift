/// What transcripts say of themselves, and the second tries that follow.
extension Schema {
    static let quality = """
        ALTER TABLE episode ADD COLUMN quality TEXT CHECK (quality IS NULL OR json_valid(quality));
        ALTER TABLE episode ADD COLUMN isDoubtful INTEGER NOT NULL DEFAULT 0 CHECK (isDoubtful IN (0, 1));
        CREATE INDEX episodeDoubtful ON episode (feedID, publishedAt DESC, id DESC) WHERE isDoubtful = 1;
        CREATE INDEX episodeDoubtfulOfAll ON episode (publishedAt DESC, id DESC) WHERE isDoubtful = 1;

        ALTER TABLE job ADD COLUMN isSecondTry INTEGER NOT NULL DEFAULT 0 CHECK (isSecondTry IN (0, 1));

        -- One second try an episode and audio, for ever: the row stays when its job is gone.
        CREATE TABLE secondTry (
            episodeID INTEGER NOT NULL REFERENCES episode (id) ON DELETE CASCADE,
            -- Its size stands for the audio: other audio may have a second try of its own.
            audioSize INTEGER NOT NULL,
            jobID INTEGER,
            model TEXT NOT NULL,
            askedAt REAL NOT NULL,
            firstModel TEXT,
            first TEXT NOT NULL CHECK (json_valid(first)),
            secondModel TEXT,
            second TEXT CHECK (second IS NULL OR json_valid(second)),
            outcome TEXT CHECK (outcome IN ('kept_first', 'kept_second', 'failed', 'cancelled')),
            PRIMARY KEY (episodeID, audioSize)
        ) STRICT, WITHOUT ROWID;
        CREATE UNIQUE INDEX secondTryOfJob ON secondTry (jobID) WHERE jobID IS NOT NULL;
        -- However the job goes; its number may be given to another one.
        CREATE TRIGGER secondTryWithoutJob AFTER DELETE ON job WHEN old.isSecondTry = 1
        BEGIN
            UPDATE secondTry SET jobID = NULL, outcome = coalesce(outcome, 'cancelled') WHERE jobID = old.id;
        END;
        """
}
