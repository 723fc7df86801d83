import CastCore
import Synchronization

/// A batch on its way to the helper, and whoever waits for it.
final class EngineRequest: Sendable {
    let segments: [SpeechSegment]
    let language: String?
    private let waiter: Mutex<CheckedContinuation<BatchResult, any Error>?>

    init(_ segments: [SpeechSegment], language: String?, waiter: CheckedContinuation<BatchResult, any Error>) {
        self.segments = segments
        self.language = language
        self.waiter = Mutex(waiter)
    }

    /// Answers the caller, once; later calls do nothing.
    func finish(_ result: Result<BatchResult, any Error>) {
        let waiter = self.waiter.withLock { waiter in
            defer { waiter = nil }
            return waiter
        }
        waiter?.resume(with: result)
    }

    /// Nobody waits any more.
    var isAnswered: Bool { self.waiter.withLock { $0 == nil } }

    var audioSeconds: Double { self.segments.reduce(0) { $0 + $1.duration } }

    /// 16-bit little-endian samples of all segments, one after the other.
    var payload: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(self.segments.reduce(0) { $0 + $1.samples.count * 2 })
        // Every machine that this runs on is little-endian.
        for segment in self.segments { segment.samples.withUnsafeBytes { bytes.append(contentsOf: $0) } }
        return bytes
    }
}
