import Testing
import Transcription

struct BatchPolicyTests {
    private let whisper = BatchLimits(segments: 4)
    private let parakeet = BatchLimits(
        segments: 64, paddedSeconds: 300, wantsLikeLengths: true, needsOneLanguage: false)

    @Test(
        arguments: [
            ([], [], false), ([30], [0], false), ([30, 5, 30], [0, 1, 2], false),
            ([30, 5, 30, 7], [0, 1, 2, 3], true),
            ([1, 2, 3, 4, 5], [0, 1, 2, 3], true),
        ] as [([Double], [Int], Bool)])
    func `where lengths do not matter the next in line are taken`(lengths: [Double], places: [Int], isFull: Bool) {
        let choice = BatchPolicy.choose(lengths, self.whisper)
        #expect(choice.places == places)
        #expect(choice.isFull == isFull)
    }

    @Test func `each segment counts as long as the longest one beside it`() {
        let limits = BatchLimits(segments: 100, paddedSeconds: 60)
        // Three of ten seconds; with the one of thirty only two have room.
        #expect(BatchPolicy.choose([10, 10, 30, 10], limits).places == [0, 1])
        #expect(BatchPolicy.choose([10, 10, 10, 30], limits).places == [0, 1, 2])
        #expect(BatchPolicy.choose([100, 1], limits).places == [0], "one too long goes alone, and goes")
    }

    @Test func `segments of like length go together`() {
        // Every other one is short.
        let lengths = (0..<40).map { (number: Int) -> Double in
            number.isMultiple(of: 2) ? 28 + Double(number % 3) / 5 : 6 + Double(number % 5) / 5
        }
        let choice = BatchPolicy.choose(lengths, self.parakeet)
        #expect(choice.places.count == 10)
        #expect(choice.places.allSatisfy { lengths[$0] > 20 })
        #expect(choice.isFull)
        let rest = BatchPolicy.choose(Array(lengths[1...].filter { $0 < 20 }), self.parakeet)
        #expect(rest.places.count == 20)
    }

    @Test(arguments: 1...8 as ClosedRange<UInt64>)
    func `the first in line is always in, limits hold, and little is padding`(seed: UInt64) {
        var sketch = SoundSketch(seed: seed)
        var waiting = (0..<200).map { _ in sketch.random(in: 15...30) }
        var (used, padded) = (0.0, 0.0)
        while !waiting.isEmpty {
            let choice = BatchPolicy.choose(waiting, self.parakeet)
            let lengths = choice.places.map { waiting[$0] }
            let cost = (lengths.max() ?? 0) * Double(lengths.count)
            #expect(choice.places.first == 0)
            #expect(choice.places == choice.places.sorted())
            #expect(cost <= 300)
            (used, padded) = (used + lengths.reduce(0, +), padded + cost)
            waiting = waiting.indices.filter { !choice.places.contains($0) }.map { waiting[$0] }
        }
        #expect(used / padded > 0.93, "\(used / padded)")
    }
}
