/// Cuts every so many seconds, wherever that falls; only to measure what better cuts are worth.
package struct FixedClockCutter: Cutting {
    private let length: Int
    private var pending: [Int16] = []
    private var position = 0

    package init(seconds: Double) { self.length = Int(seconds * Double(AudioDecoder.sampleRate)) }

    package mutating func append(_ samples: UnsafeBufferPointer<Int16>) -> [SpeechSegment] {
        self.pending.append(contentsOf: samples)
        var done: [SpeechSegment] = []
        while self.pending.count >= self.length { done.append(self.cut(self.length)) }
        return done
    }

    package mutating func finish() -> [SpeechSegment] { self.pending.isEmpty ? [] : [self.cut(self.pending.count)] }

    private mutating func cut(_ count: Int) -> SpeechSegment {
        let samples = Array(self.pending[..<count])
        self.pending.removeFirst(count)
        defer { self.position += count }
        let frames = (count + SpeechCutter.frameLength - 1) / SpeechCutter.frameLength
        return SpeechSegment(
            samples: samples, pieces: [.init(start: 0, fileStart: self.position)],
            quiet: Array(repeating: false, count: frames))
    }
}
