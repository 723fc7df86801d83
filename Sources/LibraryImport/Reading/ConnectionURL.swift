import CastCore
import Foundation

/// Where the existing server's database is, as its `DATABASE_URL` says.
package struct ConnectionURL: Sendable, Equatable {
    /// For `psql`: host, port, name, user and password each in a variable, so that no other user of the machine sees
    /// the password in a list of processes.
    package var variables: [String: String]

    /// Whether the address itself holds a password.
    package var hasPassword: Bool { self.variables["PGPASSWORD"] != nil }

    /// For people: without user and password.
    package var place: String {
        let host = self.variables["PGHOST"] ?? "this machine"
        let port = self.variables["PGPORT"].map { ":\($0)" } ?? ""
        return "“\(self.variables["PGDATABASE"] ?? "cast2md")” on \(host)\(port)"
    }

    /// Reads `postgresql://user:password@host:port/name?sslmode=…`.
    ///
    /// `postgres://` and `postgresql+psycopg2://` are the same. What is left out is libpq's own default or variable,
    /// except the name, which is `cast2md`.
    ///
    /// - Throws: `.invalid` for anything else; the sentence never holds the password.
    package init(_ text: String) throws {
        let text = text.trimmingCharacters(in: .whitespacesAndNewlines)
        guard let components = URLComponents(string: text),
            ["postgres", "postgresql"].contains(components.scheme?.lowercased().prefix { $0 != "+" } ?? "")
        else {
            throw CastError(
                .invalid,
                "The database's address must look like postgresql://user:password@host:5432/cast2md. In user and "
                    + "password, write what is neither letter nor digit as %XX, for example %40 for @.")
        }
        var variables = ["PGDATABASE": "cast2md"]
        func set(_ name: String, _ value: String?) {
            if let value, !value.isEmpty { variables[name] = value }
        }
        set("PGHOST", components.host.map { $0.trimmingCharacters(in: CharacterSet(charactersIn: "[]")) })
        set("PGPORT", components.port.map(String.init))
        set("PGUSER", components.user)
        set("PGPASSWORD", components.password)
        set("PGDATABASE", String(components.path.drop { $0 == "/" }))
        for item in components.queryItems ?? [] {
            guard let name = Self.parameters[item.name] else {
                throw CastError(
                    .invalid,
                    "The database's address holds the parameter “\(item.name)”, which is not known here; known are "
                        + Self.parameters.keys.sorted().joined(separator: ", ") + ".")
            }
            set(name, item.value)
        }
        guard !variables.values.contains(where: { $0.utf8.contains(0) }) else {
            throw CastError(.invalid, "The database's address holds a zero byte.")
        }
        self.variables = variables
    }

    private static let parameters = [
        "host": "PGHOST", "port": "PGPORT", "user": "PGUSER", "password": "PGPASSWORD", "dbname": "PGDATABASE",
        "passfile": "PGPASSFILE", "sslmode": "PGSSLMODE", "sslrootcert": "PGSSLROOTCERT", "sslcert": "PGSSLCERT",
        "sslkey": "PGSSLKEY", "connect_timeout": "PGCONNECT_TIMEOUT", "options": "PGOPTIONS",
        "application_name": "PGAPPNAME",
    ]
}
