import Foundation
import Synchronization
import Transcription

/// An engine that recognises nothing, but takes as long for it as one of a set speed: one call after the other.
///
/// A call waits until those before it are done, as on a device; when a call is there before the device is free, the
/// device never waits.
final class PacedEngine: SpeechEngine {
    /// What the device did.
    struct Account: Sendable {
        var calls = 0
        /// Seconds of audio.
        var fed = 0.0
        /// The same, each segment as long as the longest one beside it.
        var padded = 0.0
        /// Seconds without a call between the first one's beginning and the last one's end.
        var waiting = 0.0
        var span = 0.0

        var waitingShare: Double { self.span > 0 ? self.waiting / self.span : 0 }
    }

    private struct Device {
        var account = Account()
        var begun: ContinuousClock.Instant?
        var freeAt = ContinuousClock.now
    }

    let limits: BatchLimits
    private let speed: Double
    private let device = Mutex(Device())

    /// - Parameter speed: Seconds of audio a second.
    init(speed: Double) {
        self.speed = speed
        // As a GPU has it.
        self.limits = BatchLimits(
            segments: 96, paddedSeconds: 1600, wantsLikeLengths: true, needsOneLanguage: false, calls: 2)
    }

    var account: Account { self.device.withLock { $0.account } }

    func recognise(_ segments: [SpeechSegment], language: String?) async throws -> BatchResult {
        // What is written to a helper's input.
        var payload: [UInt8] = []
        payload.reserveCapacity(segments.reduce(0) { $0 + $1.samples.count * 2 })
        for segment in segments { segment.samples.withUnsafeBytes { payload.append(contentsOf: $0) } }
        let seconds = Double(payload.count) / 32_000
        let longest = segments.map(\.duration).max() ?? 0
        let end = self.device.withLock { device in
            let now = ContinuousClock.now
            let begin = max(now, device.freeAt)
            if device.begun == nil {
                device.begun = begin
            } else {
                device.account.waiting += device.freeAt.duration(to: begin) / .seconds(1)
            }
            device.freeAt = begin.advanced(by: .seconds(seconds / self.speed))
            device.account.calls += 1
            device.account.fed += seconds
            device.account.padded += longest * Double(segments.count)
            device.account.span = (device.begun ?? begin).duration(to: device.freeAt) / .seconds(1)
            return device.freeAt
        }
        try await ContinuousClock().sleep(until: end, tolerance: .zero)
        let results = segments.map { segment in
            // As fast as people speak.
            BatchResult.Segment(
                (0..<Int(segment.duration * 2.5)).map { index in
                    let start = Double(index) / 2.5
                    return .init(
                        text: index % 12 == 11 ? "word." : "word", start: start, end: start + 0.3, probability: 0.9)
                })
        }
        return BatchResult(segments: results, language: nil, languageProbability: nil, engine: "paced 1")
    }
}
