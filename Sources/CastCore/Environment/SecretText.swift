/// Hides secrets in text that is to be read by people: logs, reports.
package struct SecretText: Sendable, Equatable {
    /// What stands in a secret's place.
    package static let mark = "•••"

    private let secrets: [String]

    /// Takes as secrets the values of those variables whose names say so.
    package init(environment: [String: String] = [:]) {
        // A short value would be found in innocent words; longest first, as one may hold another.
        self.secrets = environment.filter { Self.isSecretName($0.key) && $0.value.utf8.count >= 8 }.map(\.value)
            .sorted { ($1.count, $0) < ($0.count, $1) }
    }

    /// Whether a name is that of a secret: its last word is key, token, secret, password, authorization or the like.
    package static func isSecretName(_ name: String) -> Bool {
        let plain = name.lowercased()
        return ["key", "keys", "token", "secret", "password", "passwd", "authorization", "credentials", "cookie"]
            .contains {
                plain == $0 || plain.hasSuffix("_\($0)") || plain.hasSuffix(".\($0)") || plain.hasSuffix("-\($0)")
            }
            || plain.hasSuffix("apikey") || plain.hasSuffix("authkey")
    }

    /// The text with every secret hidden: known values, and what stands before the host of an address.
    package func hidden(in text: String) -> String {
        var plain = text
        for secret in self.secrets where plain.contains(secret) {
            plain = plain.replacing(secret, with: Self.mark)
        }
        guard plain.contains("://"), plain.contains("@") else { return plain }
        return plain.replacing(/:\/\/[^\/\s@"]{1,500}@/, with: "://\(Self.mark)@")
    }
}
