import CastCore
package import Logging

/// How lines of the log look, and which there are.
package struct LogSettings: Sendable, Equatable {
    package enum Format: String, Sendable, CaseIterable {
        /// For people: time, level, message, details.
        case text
        /// One JSON object a line, for programs that collect logs.
        case json
    }

    package var format = Format.text
    package var level = Logger.Level.info

    package init() {}

    /// Reads `LOG_FORMAT` and `LOG_LEVEL`.
    ///
    /// - Parameter format: The flag, which wins over the variable.
    /// - Throws: `.invalid` that names what may stand there.
    package init(environment: [String: String], format: String? = nil) throws {
        let variables = Variables(environment)
        if let name = format ?? variables.text("LOG_FORMAT") {
            guard let format = Format(rawValue: name.lowercased()) else {
                throw CastError(.invalid, "The log's format is “\(name.prefix(40))”; it must be text or json.")
            }
            self.format = format
        }
        if let name = variables.text("LOG_LEVEL") {
            guard let level = Self.level(name) else {
                let known = Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")
                throw CastError(.invalid, "LOG_LEVEL is “\(name.prefix(40))”; it must be one of \(known).")
            }
            self.level = level
        }
    }

    private static func level(_ name: String) -> Logger.Level? {
        // As other programs, and the existing server, name it.
        name.lowercased() == "warn" ? .warning : Logger.Level(rawValue: name.lowercased())
    }
}
