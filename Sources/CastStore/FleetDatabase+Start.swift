import GRDB

extension FleetDatabase {
    /// This server's own id, which its pods carry, for the time before anything runs; made once and never changed.
    package static func serverID(of database: Database, orMake made: String) throws -> String {
        try database.writer.write { db in
            try db.execute(
                sql: "INSERT INTO identity (name, value) VALUES ('server', ?) ON CONFLICT (name) DO NOTHING",
                arguments: [made])
            return try String.fetchOne(db, sql: "SELECT value FROM identity WHERE name = 'server'") ?? made
        }
    }
}
