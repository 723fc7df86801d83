/// A piece of a file for the engine: half a minute of sound at most, with long silences left out.
package struct SpeechSegment: Sendable, Equatable {
    /// A stretch that is contiguous in the file; positions in samples.
    package struct Piece: Sendable, Equatable {
        package var start: Int
        package var fileStart: Int

        package init(start: Int, fileStart: Int) {
            self.start = start
            self.fileStart = fileStart
        }
    }

    /// 16 kHz mono.
    package var samples: [Int16]
    /// In order; the first starts at 0.
    package var pieces: [Piece]
    /// For each frame of `SpeechCutter.frameLength` samples, whether it is quiet.
    package var quiet: [Bool]

    package init(samples: [Int16], pieces: [Piece], quiet: [Bool]) {
        self.samples = samples
        self.pieces = pieces
        self.quiet = quiet
    }

    package var duration: Double { Double(self.samples.count) / Double(AudioDecoder.sampleRate) }

    /// Where the segment ends in the file, in samples.
    package var fileEnd: Int {
        guard let last = self.pieces.last else { return 0 }
        return last.fileStart + self.samples.count - last.start
    }

    /// The time in the file of a time in the segment, in seconds.
    ///
    /// - Parameter isEnd: A word's end at a joint belongs to the stretch before it, a word's start to the one behind it.
    package func fileTime(of time: Double, isEnd: Bool) -> Double {
        let sample = Int((time * Double(AudioDecoder.sampleRate)).rounded())
        let piece = self.pieces.last { isEnd ? $0.start < max(1, sample) : $0.start <= sample } ?? self.pieces[0]
        return Double(piece.fileStart + sample - piece.start) / Double(AudioDecoder.sampleRate)
    }

    /// A word's times without the silence before and after it.
    ///
    /// Recognisers stretch the first word after a pause over the pause; what is quiet is not part of it.
    package func trimmed(start: Double, end: Double) -> (start: Double, end: Double) {
        let frame = Double(SpeechCutter.frameLength) / Double(AudioDecoder.sampleRate)
        var first = Int(start / frame)
        var last = Int((end / frame).rounded(.up)) - 1
        guard first <= last, first >= 0, last < self.quiet.count,
            !self.quiet[first...last].allSatisfy({ $0 })
        else { return (start, end) }
        while self.quiet[first] { first += 1 }
        while self.quiet[last] { last -= 1 }
        return (max(start, Double(first) * frame), min(end, Double(last + 1) * frame))
    }
}
