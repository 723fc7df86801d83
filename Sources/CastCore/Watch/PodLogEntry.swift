package import Foundation

/// A line of what a pod said while it was there, as the server keeps it; what the provider has is `PodLogLine`.
package struct PodLogEntry: Sendable, Equatable {
    package var at: Date
    /// Which program of the pod, for example `setup` or `node`.
    package var source: String
    package var text: String

    /// Longer lines are cut.
    package static let longest = 2_000
    /// Of one message; earlier ones are left out.
    package static let most = 2_000

    package init(at: Date, source: String, text: String) {
        self.at = at
        self.source = Self.word(source)
        self.text = Self.clean(text)
    }

    /// The lines of a message from a pod: nobody knows who writes it.
    package static func lines(of text: String, source: String, at: Date) -> [PodLogEntry] {
        let lines = text.split(whereSeparator: \.isNewline)
        return lines.suffix(Self.most).map { PodLogEntry(at: at, source: source, text: String($0)) }
            .filter { !$0.text.isEmpty }
    }

    /// A short name of plain characters; `pod` where there is none.
    package static func word(_ text: String) -> String {
        let plain = text.lowercased().unicodeScalars.filter { scalar in
            scalar.isASCII && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil || scalar == "-")
        }
        return plain.isEmpty ? "pod" : String(String.UnicodeScalarView(plain.prefix(20)))
    }

    /// The text without what moves a terminal's cursor or colours it, and without other signs that are not seen.
    static func clean(_ text: String) -> String {
        // ESC [ … letter, and ESC ] … BEL: whole, so that no “[31m” is left.
        let plain = text.replacing(/\u{1B}\[[0-?]*[ -\/]*[@-~]/, with: "")
            .replacing(/\u{1B}\][^\u{07}\u{1B}]*(\u{07}|\u{1B}\\)/, with: "")
        var scalars = String.UnicodeScalarView()
        for scalar in plain.unicodeScalars.prefix(Self.longest) {
            if scalar == "\t" {
                scalars.append(" ")
                continue
            }
            switch scalar.properties.generalCategory {
            case .control, .format, .surrogate, .privateUse, .lineSeparator, .paragraphSeparator: continue
            default: scalars.append(scalar)
            }
        }
        return String(scalars)
    }
}

extension PodLogEntry {
    /// As it stands in a file: time, source, text.
    package var stored: String { "\(self.at.formatted(.iso8601)) \(self.source) \(self.text)" }

    /// Reads such a line; nil for what is none, as one that was cut off by a full disk.
    package init?(stored: Substring) {
        let parts = stored.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, let at = try? Date(String(parts[0]), strategy: .iso8601) else { return nil }
        self.init(at: at, source: String(parts[1]), text: String(parts[2]))
    }
}
