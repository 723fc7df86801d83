import Testing
import Transcription

struct BatchSearchTests {
    /// Recognises all but the bad ones, and counts.
    private func search(_ count: Int, bad: Set<Int>) -> (segments: [BatchResult.Segment], tries: Int, given: Bool) {
        var search = BatchSearch(count: count)
        var health = EngineHealth()
        var (tries, isGivenUp) = (0, false)
        while let part = search.next() {
            tries += 1
            if part.range.contains(where: bad.contains) {
                if health.fail() { isGivenUp = true }
                search.fail(part, reason: "bad")
            } else {
                health.succeed()
                search.succeed(
                    part,
                    with: part.range.map { .init([.init(text: "\($0)", start: 0, end: 1, probability: nil)]) })
            }
        }
        return (search.segments, tries, isGivenUp)
    }

    @Test func `whichever segments are bad, these are found and no others`() {
        for count in 0...9 {
            for pattern in 0..<(1 << count) {
                let bad = Set((0..<count).filter { pattern >> $0 & 1 == 1 })
                let found = self.search(count, bad: bad)
                #expect(found.segments.map { $0.failure != nil } == (0..<count).map(bad.contains))
                for (index, segment) in found.segments.enumerated() where !bad.contains(index) {
                    #expect(segment.words.map(\.text) == ["\(index)"])
                }
            }
        }
    }

    @Test func `one or two bad segments of a batch are never taken for a broken engine`() {
        for count in [3, 4, 16, 64, 100] {
            for first in 0..<count {
                let single = self.search(count, bad: [first])
                #expect(!single.given)
                // Two a halving, and one more for the segment itself.
                #expect(single.tries <= 2 * (Int.bitWidth - (count - 1).leadingZeroBitCount) + 2)
                for second in 0..<first where count > 3 { #expect(!self.search(count, bad: [first, second]).given) }
            }
        }
    }

    @Test func `an engine that fails on everything is seen through within six tries`() {
        for count in [4, 16, 64] { #expect(self.search(count, bad: Set(0..<count)).given) }
        var health = EngineHealth()
        let verdicts = (1...6).map { _ in health.fail() }
        #expect(verdicts == [false, false, false, false, false, true])
        health.succeed()
        let verdict = health.fail()
        #expect(!verdict)
    }

    @Test func `a part that is too large goes in by halves, in order, before anything else`() {
        var search = BatchSearch(count: 5)
        var ranges: [Range<Int>] = []
        while let part = search.next() {
            // What is larger than two is too large, and so is the single segment in the middle.
            let isSplit = part.range.count > 2 || part.range == 2..<3 ? search.split(part) : false
            if !isSplit { ranges.append(part.range) }
        }
        #expect(ranges == [0..<2, 2..<3, 3..<5])
    }
}
