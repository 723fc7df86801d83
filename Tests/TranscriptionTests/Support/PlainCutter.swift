import Foundation
import Transcription

/// The cutter as one would write it first, frame by frame; what the fast one has to agree with, sample for sample.
struct PlainCutter {
    static let frameLength = SpeechCutter.frameLength

    private let settings: SpeechCutter.Settings
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
    private var held: [(samples: ArraySlice<Int16>, level: Double)] = []
    private var quietRun = 0
    private var threshold = QuietThreshold()

    init(settings: SpeechCutter.Settings = SpeechCutter.Settings()) {
        self.settings = settings
        self.longestFrames = Int(settings.longest * 50)
        self.marginFrames = Int(settings.margin * 50)
    }

    mutating func append(_ samples: [Int16]) -> [SpeechSegment] {
        self.rest.append(contentsOf: samples)
        var done: [SpeechSegment] = []
        var offset = 0
        while offset + Self.frameLength <= self.rest.count {
            let frame = self.rest[offset..<(offset + Self.frameLength)]
            offset += Self.frameLength
            if let segment = self.take(frame) { done.append(segment) }
        }
        self.rest.removeFirst(offset)
        return done
    }

    mutating func finish() -> [SpeechSegment] {
        if !self.rest.isEmpty {
            // The last frame is filled up with silence.
            let frame = self.rest + Array(repeating: 0, count: Self.frameLength - self.rest.count)
            self.rest = []
            if let segment = self.take(frame[...]) { return [segment] + self.finish() }
        }
        guard let segment = self.cut(at: self.levels.count) else { return [] }
        return [segment]
    }

    private mutating func take(_ frame: ArraySlice<Int16>) -> SpeechSegment? {
        var level = Self.level(of: frame)
        let isQuiet = self.threshold.isQuiet(level)
        if isQuiet { level = -120 }
        defer { self.filePosition += Self.frameLength }
        if isQuiet {
            self.quietRun += 1
            let isBeforeSpeech = self.levels.isEmpty
            if isBeforeSpeech || self.quietRun > self.marginFrames {
                self.held.append((frame, level))
                if self.held.count > self.marginFrames { self.held.removeFirst() }
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
        let start = self.filePosition - self.held.count * Self.frameLength
        for (index, frame) in self.held.enumerated() {
            self.add(frame.samples, frame.level, isQuiet: true, at: start + index * Self.frameLength)
        }
        self.held = []
    }

    private mutating func add(_ frame: ArraySlice<Int16>, _ level: Double, isQuiet: Bool, at position: Int) {
        let isContiguous = self.pieces.last.map { $0.fileStart + self.samples.count - $0.start == position } ?? false
        if !isContiguous { self.pieces.append(.init(start: self.samples.count, fileStart: position)) }
        self.samples.append(contentsOf: frame)
        self.levels.append(level)
        self.quiet.append(isQuiet)
    }

    /// The frame to cut before: in the middle of the best pause between the shortest and the longest segment.
    private func quietestPlace() -> Int {
        let width = max(1, Int(self.settings.window * 50))
        let first = Int(self.settings.shortest * 50)
        let end = min(self.longestFrames, self.levels.count)
        guard first + width < end else { return end }
        let costs = (first...(end - width)).map { start -> Double in
            let pause = (0..<width).map { self.levels[start + $0] }
            let mean = pause.reduce(0, +) / Double(width)
            let weight = self.settings.meanWeight
            return (pause.reduce(-1000, max) + weight * mean) / (1 + weight)
                - self.settings.patience / 50 * Double(start - first)
        }
        let best = costs.lastIndex { $0 == costs.min() } ?? 0
        return first + best + width / 2
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
        guard segment.quiet.filter({ !$0 }).count >= 5 else { return nil }
        segment.pieces = segment.pieces.isEmpty ? [.init(start: 0, fileStart: 0)] : segment.pieces
        return segment
    }

    /// Loudness in dB below full scale.
    private static func level(of frame: ArraySlice<Int16>) -> Double {
        var sum = 0
        for sample in frame { sum += Int(sample) * Int(sample) }
        let energy = Double(sum) / Double(frame.count)
        return 10 * log10(max(energy, 0.1) / (32_768.0 * 32_768.0))
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
