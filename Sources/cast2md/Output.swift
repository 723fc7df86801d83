import CastClient
import Foundation

/// How commands print what they found.
enum Output {
    /// Prints a value as JSON, or what `text` makes of it.
    static func show<Value: Encodable>(_ value: Value, asJSON: Bool, text: (Value) -> String) throws {
        guard asJSON else {
            print(text(value))
            return
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        print(String(decoding: try encoder.encode(value), as: UTF8.self))
    }

    /// Prints what came of one episode: what failed goes to standard error.
    static func say(_ outcome: QueueOutcome) {
        guard outcome.error == nil else {
            ExitStatus.complain(outcome.sentence)
            return
        }
        print(outcome.sentence)
    }

    static func table(_ header: [String]) -> TextTable { TextTable(header) }
}
