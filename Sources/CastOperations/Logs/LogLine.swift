import CastCore
import Foundation
import Logging

/// One line of the log: what happened, when, and the details; without secrets and without line breaks of its own.
struct LogLine: Sendable {
    var time: Date
    var level: Logger.Level
    /// The logger's name.
    var label: String
    var message: String
    var metadata: Logger.Metadata
    var error: String?
    var secrets: SecretText

    /// For people: `2026-11-25T01:31:10Z info cast2md: ready url=http://localhost:8000/`.
    var text: String {
        let style = Date.ISO8601FormatStyle(timeZone: .current)
        var line = "\(self.time.formatted(style)) \(self.level) \(self.label): \(self.secrets.hidden(in: self.message))"
        for (key, value) in self.details.sorted(by: { $0.key < $1.key }) {
            let plain = Self.plain(value)
            let isWord = !plain.isEmpty && !plain.contains { $0 == " " || $0 == "\"" || $0 == "=" }
            line += isWord ? " \(key)=\(plain)" : " \(key)=\"\(plain.replacing("\"", with: "\\\""))\""
        }
        return Self.oneLine(line)
    }

    /// For programs: an object with `time` (UTC), `level`, `logger`, `message` and, where there are any, `metadata`.
    var json: String {
        let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true, timeZone: .gmt)
        var object: [String: JSONValue] = [
            "time": .string(self.time.formatted(style)), "level": .string(self.level.rawValue),
            "logger": .string(self.label), "message": .string(self.secrets.hidden(in: self.message)),
        ]
        let details = self.details
        if !details.isEmpty { object["metadata"] = .object(details.mapValues { self.json($0, depth: 0) }) }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let bytes = try? encoder.encode(object) else { return "{}" }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The metadata with the error, each secret hidden.
    private var details: Logger.Metadata {
        var details = self.metadata
        if let error = self.error, details["error"] == nil { details["error"] = .string(error) }
        return Dictionary(uniqueKeysWithValues: details.map { ($0.key, self.shown($0.value, of: $0.key, depth: 0)) })
    }

    /// Nobody nests details deeper; what does is cut rather than followed.
    private static let deepest = 8

    private func shown(_ value: Logger.MetadataValue, of key: String, depth: Int) -> Logger.MetadataValue {
        if SecretText.isSecretName(key) || depth > Self.deepest { return .string(SecretText.mark) }
        switch value {
        case .string(let text): return .string(self.secrets.hidden(in: text))
        case .stringConvertible(let other): return .string(self.secrets.hidden(in: other.description))
        case .array(let values): return .array(values.map { self.shown($0, of: "", depth: depth + 1) })
        case .dictionary(let values):
            let pairs = values.map { ($0.key, self.shown($0.value, of: $0.key, depth: depth + 1)) }
            return .dictionary(Dictionary(uniqueKeysWithValues: pairs))
        }
    }

    private func json(_ value: Logger.MetadataValue, depth: Int) -> JSONValue {
        switch value {
        case .string(let text): .string(text)
        case .stringConvertible(let other): .string(other.description)
        case .array(let values): .array(values.map { self.json($0, depth: depth + 1) })
        case .dictionary(let values): .object(values.mapValues { self.json($0, depth: depth + 1) })
        }
    }

    private static func plain(_ value: Logger.MetadataValue) -> String {
        switch value {
        case .string(let text): text
        case .stringConvertible(let other): other.description
        case .array(let values): "[" + values.map(Self.plain).joined(separator: ", ") + "]"
        case .dictionary(let values):
            "[" + values.sorted { $0.key < $1.key }.map { "\($0.key): \(Self.plain($0.value))" }.joined(separator: ", ")
                + "]"
        }
    }

    /// A title from a feed must not begin a line of its own, nor write to the terminal.
    private static func oneLine(_ text: String) -> String {
        var plain = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar.properties.generalCategory {
            case .control, .lineSeparator, .paragraphSeparator: plain.append(" ")
            default: plain.append(scalar)
            }
        }
        return String(plain)
    }
}
