import Foundation

/// Cuts in the quietest place, and leaves long silence out.
///
/// A segment grows until it is full (30 s) and is then cut in the pause of its second half in which the loudest moment is
/// quietest; later places are preferred a little, so that segments are long: Whisper computes 30 s whatever it gets. Never
/// on a fixed clock, never inside a word as long as there is a pause. Memory is bounded by one segment.
///
/// The loudest moment first, and the mean only a little: what closes the lips within a word is as quiet as a pause, but
/// short. Over noise and music that is what tells them apart. Of pauses in which nothing can be heard the last one is taken.
package struct SpeechCutter: Cutting {
    /// Samples of one frame: 20 ms.
    package static let frameLength = AudioDecoder.sampleRate / 50

    package struct Settings: Sendable {
        /// Longest segment, in seconds; the engines' limit.
        package var longest = 30.0
        /// Shortest segment that a cut may leave, in seconds.
        package var shortest = 15.0
        /// What is kept of a long silence on either side of it, in seconds.
        package var margin = 0.2
        /// The length of a pause that is looked for, in seconds.
        package var window = 0.28
        /// How much the mean of a pause counts beside its loudest moment.
        package var meanWeight = 0.25
        /// How many dB louder a pause may be that comes a second later.
        ///
        /// Found with the window's length and the mean's weight by trying: over two hours of speech with known words, with
        /// nothing, noise and music behind it, these leave no cut in a word (`make bench-cuts` counts them).
        package var patience = 0.35

        package init() {}
    }

    private let settings: Settings
    private let longestFrames: Int
    private let marginFrames: Int

    /// Samples that do not make a whole frame yet.
    private var rest: [Int16] = []
    /// The next frame's position in the file, in samples.
    private var filePosition = 0
    private var samples: [Int16] = []
    private var levels: [Double] = []
    private var quiet: [Bool] = []
    private var pieces: [SpeechSegment.Piece] = []
    /// Quiet frames that are not part of the segment yet: the lead-in, if sound follows.
    private var held: LeadIn
    private var quietRun = 0
    private var threshold = QuietThreshold()

    package init(settings: Settings = Settings()) {
        self.settings = settings
        self.longestFrames = Int(settings.longest * 50)
        self.marginFrames = Int(settings.margin * 50)
        self.held = LeadIn(frames: self.marginFrames)
    }

    package mutating func append(_ samples: UnsafeBufferPointer<Int16>) -> [SpeechSegment] {
        var done: [SpeechSegment] = []
        var offset = 0
        if !self.rest.isEmpty {
            offset = min(samples.count, Self.frameLength - self.rest.count)
            self.rest.append(contentsOf: samples[..<offset])
            guard self.rest.count == Self.frameLength else { return [] }
            if let segment = self.takeRest() { done.append(segment) }
        }
        while offset + Self.frameLength <= samples.count {
            let frame = UnsafeBufferPointer(rebasing: samples[offset..<(offset + Self.frameLength)])
            offset += Self.frameLength
            if let segment = self.take(frame) { done.append(segment) }
        }
        self.rest.append(contentsOf: samples[offset...])
        return done
    }

    package mutating func finish() -> [SpeechSegment] {
        var done: [SpeechSegment] = []
        if !self.rest.isEmpty {
            // The last frame is filled up with silence.
            self.rest.append(contentsOf: repeatElement(0, count: Self.frameLength - self.rest.count))
            if let segment = self.takeRest() { done.append(segment) }
        }
        if let segment = self.cut(at: self.levels.count) { done.append(segment) }
        return done
    }

    private mutating func takeRest() -> SpeechSegment? {
        let frame = self.rest
        self.rest.removeAll(keepingCapacity: true)
        return frame.withUnsafeBufferPointer { self.take($0) }
    }

    private mutating func take(_ frame: UnsafeBufferPointer<Int16>) -> SpeechSegment? {
        let measured = Self.level(of: frame)
        let isQuiet = self.threshold.isQuiet(measured)
        // How quiet a pause is that nobody hears says nothing of it; then only its place counts.
        let level = isQuiet ? Self.inaudible : measured
        defer { self.filePosition += Self.frameLength }
        if isQuiet {
            self.quietRun += 1
            let isBeforeSpeech = self.levels.isEmpty
            if isBeforeSpeech || self.quietRun > self.marginFrames {
                self.held.append(frame, level)
                return nil
            }
        } else {
            self.quietRun = 0
            self.releaseHeld()
        }
        self.add(frame, level, isQuiet: isQuiet, at: self.filePosition)
        guard self.levels.count >= self.longestFrames else { return nil }
        return self.cut(at: self.quietestPlace())
    }

    /// Sound follows a silence: the end of it is the lead-in.
    private mutating func releaseHeld() {
        let count = self.held.levels.count
        guard count > 0 else { return }
        self.begin(at: self.filePosition - count * Self.frameLength)
        self.samples.append(contentsOf: self.held.samples)
        self.levels.append(contentsOf: self.held.levels)
        self.quiet.append(contentsOf: repeatElement(true, count: count))
        self.held.removeAll()
    }

    private mutating func add(
        _ frame: UnsafeBufferPointer<Int16>, _ level: Double, isQuiet: Bool, at position: Int
    ) {
        self.begin(at: position)
        self.samples.append(contentsOf: frame)
        self.levels.append(level)
        self.quiet.append(isQuiet)
    }

    /// Notes where the next samples are in the file, if they do not follow on the last.
    private mutating func begin(at position: Int) {
        let isContiguous = self.pieces.last.map { $0.fileStart + self.samples.count - $0.start == position } ?? false
        if !isContiguous { self.pieces.append(.init(start: self.samples.count, fileStart: position)) }
    }

    /// The frame to cut before: in the middle of the best pause between the shortest and the longest segment.
    ///
    /// There may be more frames than the longest segment holds: a lead-in comes in one go.
    private func quietestPlace() -> Int {
        let width = max(1, Int(self.settings.window * 50))
        let first = Int(self.settings.shortest * 50)
        let end = min(self.longestFrames, self.levels.count)
        guard first + width < end else { return end }
        let later = self.settings.patience / 50
        let weight = self.settings.meanWeight
        var best = (cost: Double.infinity, start: first)
        for start in first...(end - width) {
            let pause = self.levels[start..<(start + width)]
            let loudness = ((pause.max() ?? 0) + weight * pause.reduce(0, +) / Double(width)) / (1 + weight)
            let cost = loudness - later * Double(start - first)
            // As good, but later: better.
            if cost <= best.cost { best = (cost, start) }
        }
        // In the middle of the pause: recognisers like a little silence on both sides.
        return best.start + width / 2
    }

    /// Gives out the frames before a place, and keeps the rest; nil when nothing was said in them.
    private mutating func cut(at frame: Int) -> SpeechSegment? {
        let sample = min(frame * Self.frameLength, self.samples.count)
        var segment = SpeechSegment(
            samples: Array(self.samples[..<sample]), pieces: self.pieces.filter { $0.start < sample },
            quiet: Array(self.quiet[..<min(frame, self.quiet.count)]))
        let carried = self.pieces.last { $0.start <= sample }
        self.samples.removeFirst(sample)
        self.levels.removeFirst(min(frame, self.levels.count))
        self.quiet.removeFirst(min(frame, self.quiet.count))
        self.pieces = self.pieces.filter { $0.start > sample }.map {
            .init(start: $0.start - sample, fileStart: $0.fileStart)
        }
        if !self.samples.isEmpty, let carried {
            self.pieces.insert(.init(start: 0, fileStart: carried.fileStart + sample - carried.start), at: 0)
        }
        // Less than a tenth of a second above the threshold is a click.
        guard segment.quiet.count(where: { !$0 }) >= 5 else { return nil }
        segment.pieces = segment.pieces.isEmpty ? [.init(start: 0, fileStart: 0)] : segment.pieces
        return segment
    }

    /// Below all that `level` gives.
    private static let inaudible = -120.0

    /// Loudness in dB below full scale.
    private static func level(of frame: UnsafeBufferPointer<Int16>) -> Double {
        var sum = 0
        var index = 0
        // Written so that the compiler makes vector instructions of it: this is all the arithmetic there is.
        while index < frame.count {
            let sample = Int32(frame[index])
            sum &+= Int(sample &* sample)
            index &+= 1
        }
        let energy = Double(sum) / Double(frame.count)
        return 10 * log10(max(energy, 0.1) / (32_768.0 * 32_768.0))
    }
}

/// The last frames of a silence, as many as a lead-in takes.
private struct LeadIn: Sendable {
    private let limit: Int
    private var allSamples: [Int16] = []
    private var allLevels: [Double] = []
    /// Frames at the front that are forgotten already; they are thrown away many at a time.
    private var forgotten = 0

    init(frames: Int) { self.limit = frames }

    var samples: ArraySlice<Int16> { self.allSamples[(self.forgotten * SpeechCutter.frameLength)...] }
    var levels: ArraySlice<Double> { self.allLevels[self.forgotten...] }

    mutating func append(_ frame: UnsafeBufferPointer<Int16>, _ level: Double) {
        self.allSamples.append(contentsOf: frame)
        self.allLevels.append(level)
        if self.allLevels.count - self.forgotten > self.limit { self.forgotten += 1 }
        guard self.forgotten > max(64, self.limit) else { return }
        self.allSamples.removeFirst(self.forgotten * SpeechCutter.frameLength)
        self.allLevels.removeFirst(self.forgotten)
        self.forgotten = 0
    }

    mutating func removeAll() {
        self.allSamples.removeAll(keepingCapacity: true)
        self.allLevels.removeAll(keepingCapacity: true)
        self.forgotten = 0
    }
}

/// What counts as quiet: far below the loudest of late, or below anything that can be heard.
///
/// On the safe side: what is taken for silence is not transcribed.
private struct QuietThreshold: Sendable {
    /// The loudest of late, falling by one dB a second, so that a quiet speaker after a loud one is heard.
    private var peak = -20.0

    mutating func isQuiet(_ level: Double) -> Bool {
        self.peak = max(level, self.peak - 0.02, -45)
        return level < max(-65, min(self.peak - 45, -45))
    }
}
