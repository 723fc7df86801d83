import CastCore
import LibraryImport
import Testing

struct ConnectionTests {
    @Test(arguments: [
        (
            "postgresql://me:p%40ss%3A%2Fword@db.example:5433/library?sslmode=require",
            [
                "PGHOST": "db.example", "PGPORT": "5433", "PGUSER": "me", "PGPASSWORD": "p@ss:/word",
                "PGDATABASE": "library", "PGSSLMODE": "require",
            ]
        ),
        ("postgres://localhost", ["PGHOST": "localhost", "PGDATABASE": "cast2md"]),
        (
            "postgresql+psycopg2://u@[::1]/x", ["PGHOST": "::1", "PGUSER": "u", "PGDATABASE": "x"]
        ),
        (
            "postgresql:///old?host=/run/postgresql&user=u&passfile=/etc/pass",
            ["PGHOST": "/run/postgresql", "PGUSER": "u", "PGDATABASE": "old", "PGPASSFILE": "/etc/pass"]
        ),
    ])
    func `an address becomes variables, decoded`(text: String, variables: [String: String]) throws {
        #expect(try ConnectionURL(text).variables == variables)
    }

    @Test(arguments: ["", "db.example/library", "mysql://u:secret@h/d", "postgresql://u:secret@h/d?oops=1"])
    func `what is no address is refused without repeating a password`(text: String) throws {
        let error = #expect(throws: CastError.self) { try ConnectionURL(text) }
        #expect(error?.code == .invalid)
        #expect(error?.message.contains("secret") == false)
    }

    @Test func `the place shows neither user nor password`() throws {
        let place = try ConnectionURL("postgresql://me:secret@db.example:5433/library").place
        #expect(place == "“library” on db.example:5433")
    }

    @Test func `without psql, the error says how to install it`() throws {
        let error = #expect(throws: CastError.self) {
            try Psql(connection: try ConnectionURL("postgresql://h/d"), environment: ["PATH": "/nowhere:/nor/here"])
        }
        #expect(error?.code == .unavailable)
        #expect(error?.message.contains("apt install postgresql-client") == true)
    }

    @Test(arguments: [(Int32(2), CastError.Code.unavailable), (3, .invalid), (1, .invalid)])
    func `psql's status says whether it could connect, and its words are passed on`(
        status: Int32, code: CastError.Code
    ) throws {
        let connection = try ConnectionURL("postgresql://me:secret@db.example/library")
        let error = Psql.failure(status, connection, said: "psql: error:\n  FATAL: no such role\n\n")
        #expect(error.code == code)
        #expect(error.message.contains("psql says: psql: error: FATAL: no such role"))
        #expect(!error.message.contains("secret"))
    }
}

struct SchemaTests {
    /// As in the database of the existing server, without what the import does not read.
    private static var whole: [String: Set<String>] {
        Dictionary(
            uniqueKeysWithValues: OldSchema.tables.map { ($0.name, Set($0.columns).union($0.required)) })
    }

    @Test func `the existing server's tables are accepted`() throws {
        #expect(throws: Never.self) { try OldSchema.check(Self.whole) }
    }

    @Test func `columns that may be missing are not asked for`() throws {
        var catalogue = Self.whole
        catalogue["feed"]?.remove("image_url")
        #expect(throws: Never.self) { try OldSchema.check(catalogue) }
        let statements = OldSchema.snapshot(catalogue).joined(separator: "\n")
        #expect(!statements.contains("image_url"))
        #expect(statements.contains("custom_title"))
        #expect(OldSchema.snapshot(Self.whole).joined().contains("image_url"))
    }

    @Test func `what is missing is named`() throws {
        var catalogue = Self.whole
        catalogue["episode"]?.remove("transcript_source")
        catalogue["transcriber_node"] = nil
        let error = #expect(throws: CastError.self) { try OldSchema.check(catalogue) }
        #expect(error?.message.contains("episode.transcript_source") == true)
        #expect(error?.message.contains("transcriber_node.api_key") == true)
    }

    @Test func `another program's database is told apart`() throws {
        let error = #expect(throws: CastError.self) { try OldSchema.check(["settings": ["key", "value"]]) }
        #expect(error?.message.contains("no database of the existing cast2md server") == true)
    }

    @Test func `all is read in one transaction that can write nothing`() throws {
        let statements = OldSchema.snapshot(Self.whole)
        #expect(statements.first == "BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        #expect(statements.last == "COMMIT")
        #expect(statements.dropFirst().dropLast().allSatisfy { $0.hasPrefix("COPY (SELECT ") })
    }
}
