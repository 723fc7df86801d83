import Foundation
import HumanSpeech

/// How well and how fast one recording was recognised with one way of cutting it.
struct CutsResult: Sendable {
    var name: String
    var errors: WordErrorRate
    /// Seconds of audio for each second of time.
    var speed: Double
}

/// The results side by side.
enum CutsReport {
    static func text(_ results: [CutsResult]) -> String {
        let header = ["cuts", "word errors", "other words", "left out", "added", "speed"]
        let rows = results.map { result in
            [
                result.name, "\(self.number(result.errors.rate * 100, digits: 2)) %",
                "\(result.errors.substitutions)", "\(result.errors.deletions)", "\(result.errors.insertions)",
                "\(self.number(result.speed, digits: 1))×",
            ]
        }
        let widths = header.indices.map { column in ([header] + rows).map { $0[column].count }.max() ?? 0 }
        return ([header] + rows).map { row in
            zip(row, widths).enumerated().map { column, cell in
                let fill = String(repeating: " ", count: cell.1 - cell.0.count)
                return column == 0 ? cell.0 + fill : fill + cell.0
            }.joined(separator: "  ")
        }.joined(separator: "\n")
    }

    static func number(_ value: Double, digits: Int) -> String {
        value.formatted(.number.precision(.fractionLength(digits)).grouping(.never).locale(.init(identifier: "en_US")))
    }
}
