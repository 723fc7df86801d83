import Testing
import Transcription

struct SpeechCutterTests {
    private func cut(
        _ samples: [Int16], pieces: [Int] = [8000], by cutter: any Cutting = SpeechCutter()
    ) -> [SpeechSegment] {
        var cutter = cutter
        var segments: [SpeechSegment] = []
        var (offset, turn) = (0, 0)
        while offset < samples.count {
            let end = min(samples.count, offset + pieces[turn % pieces.count])
            segments += cutter.append(Array(samples[offset..<end]))
            (offset, turn) = (end, turn + 1)
        }
        return segments + cutter.finish()
    }

    /// The places in the file that segments are made of, in samples.
    private func ranges(_ segments: [SpeechSegment]) -> [Range<Int>] {
        segments.flatMap { segment in
            segment.pieces.indices.map { index in
                let piece = segment.pieces[index]
                let end = index + 1 < segment.pieces.count ? segment.pieces[index + 1].start : segment.samples.count
                return piece.fileStart..<(piece.fileStart + end - piece.start)
            }
        }
    }

    @Test(arguments: 1...4 as ClosedRange<UInt64>)
    func `every sound is in exactly one segment, at its own place`(seed: UInt64) {
        let talk = SoundSketch.talk(seconds: 120, seed: seed)
        let segments = self.cut(talk.samples)
        let ranges = self.ranges(segments)
        for (earlier, later) in zip(ranges, ranges.dropFirst()) { #expect(earlier.upperBound <= later.lowerBound) }
        // A frame at the end is filled up with silence.
        let file = talk.samples + Array(repeating: 0, count: SpeechCutter.frameLength)
        #expect(segments.flatMap(\.samples) == ranges.flatMap { file[$0] })
        for burst in talk.bursts {
            let covered = ranges.reduce(0) { $0 + $1.clamped(to: burst).count }
            #expect(covered == burst.count)
        }
    }

    @Test(arguments: 1...4 as ClosedRange<UInt64>)
    func `no segment is longer than half a minute, and none but the last is short`(seed: UInt64) {
        let segments = self.cut(SoundSketch.talk(seconds: 200, seed: seed).samples)
        #expect(segments.allSatisfy { $0.duration <= 30 })
        #expect(segments.dropLast().allSatisfy { $0.duration >= 15 })
    }

    @Test(arguments: 1...4 as ClosedRange<UInt64>)
    func `no cut falls into a word, and words keep a little silence around them`(seed: UInt64) {
        let talk = SoundSketch.talk(seconds: 200, seed: seed)
        let segments = self.cut(talk.samples)
        #expect(segments.count > 3)
        for segment in segments.dropLast() {
            let cut = segment.fileEnd
            #expect(!talk.bursts.contains { $0.lowerBound < cut && cut < $0.upperBound })
            let distance = talk.bursts.map { min(abs($0.lowerBound - cut), abs($0.upperBound - cut)) }.min() ?? 0
            #expect(distance >= SoundSketch.rate / 10)
        }
    }

    @Test func `long silence is left out, and its ends are kept`() {
        var sketch = SoundSketch()
        sketch.silence(60)
        sketch.burst(2)
        sketch.silence(120)
        sketch.burst(2)
        sketch.silence(60)
        let segments = self.cut(sketch.samples)
        #expect(segments.count == 1)
        #expect(segments.allSatisfy { $0.duration < 5.5 })
        let ranges = self.ranges(segments)
        #expect(ranges.count == 2)
        for (range, burst) in zip(ranges, sketch.bursts) {
            #expect(burst.lowerBound - range.lowerBound >= SoundSketch.rate / 5)
            #expect(range.upperBound - burst.upperBound >= SoundSketch.rate / 5)
        }
    }

    @Test func `silence and clicks give no segment`() {
        var sketch = SoundSketch()
        sketch.silence(70)
        sketch.burst(0.04)
        sketch.silence(70)
        #expect(self.cut(sketch.samples).isEmpty)
        #expect(self.cut([]).isEmpty)
    }

    @Test func `sound without any pause is cut at its faintest place`() {
        var sketch = SoundSketch()
        sketch.burst(22)
        sketch.burst(0.3, loudness: 600)
        sketch.burst(25)
        let segments = self.cut(sketch.samples)
        let faint = sketch.bursts[1]
        #expect(segments.count == 2)
        #expect(faint.contains(segments[0].fileEnd))
        #expect(segments.reduce(0) { $0 + $1.duration } == sketch.seconds)
    }

    @Test(arguments: [2, 60, 1000])
    func `a quiet speaker after a loud one is heard`(faintness: Double) {
        var sketch = SoundSketch()
        sketch.burst(5, loudness: 20_000)
        sketch.silence(1)
        sketch.burst(10, loudness: 20_000 / faintness)
        let ranges = self.ranges(self.cut(sketch.samples))
        let quiet = sketch.bursts[1]
        let covered = ranges.reduce(0) { $0 + $1.clamped(to: quiet).count }
        // A thousandth as loud is 60 dB down: nobody says that.
        #expect(faintness < 1000 ? covered == quiet.count : covered < quiet.count)
    }

    @Test(arguments: [[8000], [331], [96_000, 5]])
    func `it cuts as the plain one does, sample for sample`(pieces: [Int]) {
        for seed in 1...6 as ClosedRange<UInt64> {
            let talk = SoundSketch.talk(seconds: 150, seed: seed)
            var plain = PlainCutter()
            #expect(self.cut(talk.samples, pieces: pieces) == plain.append(talk.samples) + plain.finish())
        }
    }

    @Test(arguments: [[33], [319], [320], [321], [100_000], [7, 4000, 1, 60_000]])
    func `the pieces in which sound comes do not matter`(pieces: [Int]) {
        let talk = SoundSketch.talk(seconds: 40, seed: 3)
        #expect(self.cut(talk.samples, pieces: pieces) == self.cut(talk.samples))
    }

    @Test func `cuts on a fixed clock fall where they fall, and lose nothing either`() {
        let talk = SoundSketch.talk(seconds: 65, seed: 5)
        let segments = self.cut(talk.samples, by: FixedClockCutter(seconds: 20))
        #expect(segments.dropLast().allSatisfy { $0.duration == 20 })
        #expect(segments.flatMap(\.samples) == talk.samples)
        #expect(segments.map(\.fileEnd).last == talk.samples.count)
    }
}
