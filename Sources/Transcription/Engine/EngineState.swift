import CastCore
import Foundation

/// What an engine's processes have said and shown so far.
struct EngineState {
    /// Who recognises: program, version, device; known from the first greeting on.
    private(set) var identity: String?
    private(set) var device: String?
    private(set) var health = EngineHealth()
    /// Starts in a row that failed.
    private(set) var failedStarts = 0
    private var suited: BatchLimits
    private var cap = MemoryCap()
    /// Of device and model; nil: nothing is remembered for it.
    private(set) var memoryKey: String?

    init(_ limits: BatchLimits) { self.suited = limits }

    /// What the helper says suits its device, as far as its memory is known to take it.
    var limits: BatchLimits {
        var limits = self.suited
        guard let cap = self.cap.current else { return limits }
        if limits.paddedSeconds.isFinite {
            limits.paddedSeconds = min(limits.paddedSeconds, cap)
        } else {
            limits.segments = min(limits.segments, max(1, Int(cap)))
        }
        return limits
    }

    /// How large a batch is, in what its limit is measured in.
    func size(of segments: [SpeechSegment]) -> Double {
        guard self.suited.paddedSeconds.isFinite else { return Double(segments.count) }
        return Double(segments.count) * (segments.map(\.duration).max() ?? 0)
    }

    /// Whether a batch is known to be too large.
    func isTooLarge(_ segments: [SpeechSegment]) -> Bool {
        guard segments.count > 1, let cap = self.cap.current else { return false }
        return self.size(of: segments) > cap
    }

    /// - Parameters:
    ///   - fixed: Segments a batch, whatever the helper says.
    ///   - record: Looks up what is remembered.
    mutating func greet(
        _ hello: HelperFrame.Hello, model: String, fixed: Int?, now: Date, record: (String) -> MemoryCap.Record?
    ) {
        self.failedStarts = 0
        self.identity = "\(hello.engine) \(hello.version)"
        self.device = hello.device
        if let count = fixed ?? hello.batch_size, (1...1024).contains(count) { self.suited.segments = count }
        if let seconds = hello.padded_seconds, seconds >= 1 { self.suited.paddedSeconds = seconds }
        self.suited.wantsLikeLengths = hello.likes_like_lengths ?? self.suited.wantsLikeLengths
        self.suited.needsOneLanguage = hello.needs_one_language ?? self.suited.needsOneLanguage
        if let calls = hello.calls, (1...8).contains(calls) { self.suited.calls = calls }
        guard let gpu = hello.gpu, self.memoryKey == nil else { return }
        let key = "\(gpu) · \(model) · \(hello.engine) \(hello.compute_type ?? "")"
        self.memoryKey = key
        self.cap = MemoryCap(record(key), now: now)
    }

    /// - Returns: How many starts in a row have failed now.
    mutating func failStart() -> Int {
        self.failedStarts += 1
        return self.failedStarts
    }

    mutating func forgetStarts() { self.failedStarts = 0 }

    /// - Returns: What is to be remembered, if anything.
    mutating func succeed(_ segments: [SpeechSegment], now: Date) -> MemoryCap.Record? {
        self.health.succeed()
        return self.cap.accept(self.size(of: segments), at: now) ? self.cap.record : nil
    }

    /// - Returns: Whether the fault is the engine's.
    mutating func fail() -> Bool { self.health.fail() }

    /// - Returns: What is to be remembered.
    mutating func refuse(_ segments: [SpeechSegment], now: Date) -> MemoryCap.Record? {
        let size = self.size(of: segments)
        let half = self.suited.paddedSeconds.isFinite ? size / 2 : (size / 2).rounded(.up)
        self.cap.refuse(size, half: half, at: now)
        return self.cap.record
    }
}
