import CastCore
import Foundation

/// Speech of a synthetic voice, of which the place of every word is known exactly.
///
/// Festival's voice `cmu_us_slt_arctic_hts` reads texts that are on every Debian machine: the licences in
/// `/usr/share/common-licenses`. Words follow each other without a gap, as in fluent speech.
package struct SyntheticSpeech: Sendable, Codable, Equatable {
    package struct Word: Sendable, Codable, Equatable {
        package var text: String
        /// Seconds from the start of the recording.
        package var start: Double
        package var end: Double

        package init(text: String, start: Double, end: Double) {
            self.text = text
            self.start = start
            self.end = end
        }
    }

    package struct Sentence: Sendable, Codable, Equatable {
        package var text: String
        package var words: [Word]

        package init(text: String, words: [Word]) {
            self.text = text
            self.words = words
        }
    }

    /// Raw samples: 16 kHz, mono, 16 bits, little-endian.
    package var path: String
    /// Seconds.
    package var duration: Double
    package var sentences: [Sentence]

    package var text: String { self.sentences.map(\.text).joined(separator: "\n") }

    package init(path: String, duration: Double, sentences: [Sentence]) {
        self.path = path
        self.duration = duration
        self.sentences = sentences
    }

    package func samples() throws -> [Int16] { try RawSamples.read(self.path) }

    // MARK: What cuts do to words

    /// The words that a cut falls into.
    ///
    /// - Parameters:
    ///   - cuts: Seconds from the start, in order.
    ///   - edge: Seconds at either end of a word that do not count: where one sound becomes the next nobody can say to
    ///     the millisecond.
    package func words(cutAt cuts: [Double], edge: Double = 0.03) -> [Word] {
        let words = self.sentences.flatMap(\.words)
        return cuts.compactMap { cut in
            words.partitioned { $0.end > cut }.flatMap { word in
                word.start + edge < cut && cut < word.end - edge ? word : nil
            }
        }
    }

    /// The words of which more than a share is in none of the ranges that were kept.
    ///
    /// - Parameter kept: Seconds from the start, in order, without overlaps.
    package func words(missingFrom kept: [Range<Double>], share: Double = 0.25) -> [Word] {
        self.sentences.flatMap(\.words).filter { word in
            let length = word.end - word.start
            guard length > 0 else { return false }
            let first = kept.firstIndex { $0.upperBound > word.start } ?? kept.endIndex
            let heard = kept[first...].prefix { $0.lowerBound < word.end }.reduce(0) { sum, range in
                sum + max(0, min(range.upperBound, word.end) - max(range.lowerBound, word.start))
            }
            return heard < length * (1 - share)
        }
    }
}

extension [SyntheticSpeech.Word] {
    /// The first element for which a condition holds that holds for all after it, too.
    fileprivate func partitioned(by isBehind: (SyntheticSpeech.Word) -> Bool) -> SyntheticSpeech.Word? {
        var (low, high) = (self.startIndex, self.endIndex)
        while low < high {
            let middle = (low + high) / 2
            if isBehind(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low < self.endIndex ? self[low] : nil
    }
}
