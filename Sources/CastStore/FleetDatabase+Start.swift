import GRDB

extension FleetDatabase {
    /// This server's own id, which its pods carry, for the time before anything runs; made once and never changed.
    package static func serverID(of database: Database, orMake made: String) throws -> String {
        try database.writer.write { db in
            try db.execute(sql: "UPDATE fleet SET serverID = coalesce(serverID, ?)", arguments: [made])
            return try String.fetchOne(db, sql: "SELECT serverID FROM fleet") ?? made
        }
    }
}
