import CastCore

/// What one look found: how bad it is, what it is, and how to mend it.
package struct Finding: Sendable, Codable, Equatable {
    package enum Level: String, Sendable, Codable, CaseIterable, Comparable {
        case ok
        /// It works, and may not for long, or not as meant.
        case warning
        /// Something does not work.
        case problem

        package static func < (left: Level, right: Level) -> Bool {
            let order = Self.allCases
            return (order.firstIndex(of: left) ?? 0) < (order.firstIndex(of: right) ?? 0)
        }
    }

    /// What was looked at: one word, for scripts.
    package enum Subject: String, Sendable, Codable, CaseIterable {
        case variables
        case data
        case storage
        case space
        case database
        case files
        case server
        case port
        case clock
        case ffmpeg
        case engine
        case models
        case node
    }

    package var level: Level
    package var subject: Subject
    package var sentence: String
    /// What to do about it; nil when nothing is to be done.
    package var mend: String?

    static func ok(_ subject: Subject, _ sentence: String) -> Finding {
        Finding(level: .ok, subject: subject, sentence: sentence, mend: nil)
    }

    static func warning(_ subject: Subject, _ sentence: String, mend: String) -> Finding {
        Finding(level: .warning, subject: subject, sentence: sentence, mend: mend)
    }

    static func problem(_ subject: Subject, _ sentence: String, mend: String) -> Finding {
        Finding(level: .problem, subject: subject, sentence: sentence, mend: mend)
    }

    /// What an error means for a look: it says itself what is wrong.
    static func failed(_ subject: Subject, _ error: any Error, mend: String) -> Finding {
        let sentence = (error as? CastError)?.message ?? "It cannot be found out: \(error)."
        return .problem(subject, sentence, mend: mend)
    }
}
