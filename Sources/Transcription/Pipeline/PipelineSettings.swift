import CastCore
import Foundation

/// How much a pipeline does at a time.
package struct PipelineSettings: Sendable, Equatable {
    /// Files that are decoded side by side; one ffmpeg each.
    ///
    /// By default one a core; more would only take turns.
    package var decoders = max(1, min(32, ProcessInfo.processInfo.activeProcessorCount))
    /// Seconds of audio that may be decoded and not recognised yet; 32 KB each.
    ///
    /// Where an engine takes more in its calls, it is as much as keeps them full.
    package var decodedSeconds = 1800.0
    /// The first so many seconds of a long file do not settle its language: a jingle may be sung in any.
    package var leadSeconds = 60.0
    /// From how many seconds on a file is long in this sense.
    package var longFile = 180.0
    /// Largest share of a file's sound that may be left out as gaps before the file counts as failed.
    package var bearableGaps = 0.1

    package init() {}

    /// Reads `CAST2MD_DECODERS` (1 to 64).
    ///
    /// - Throws: `.invalid` that names the variable, its value, and what is valid.
    package init(environment: [String: String]) throws {
        if let value = try Variables(environment).int("CAST2MD_DECODERS", in: 1...64) { self.decoders = value }
    }

    /// Seconds of audio that may be in memory with an engine of these limits.
    func limit(for limits: BatchLimits) -> Double {
        let call = min(limits.paddedSeconds, Double(limits.segments) * 30)
        // Those under way, the next one, and one that grows; and each decoder may bring what settles a language.
        return max(self.decodedSeconds, call * Double(limits.calls + 2), Double(self.decoders) * self.share * 1.2)
    }

    /// What each of several files may always hold: enough to find its language.
    var share: Double { self.leadSeconds + 90 }
}
