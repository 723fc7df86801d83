import HumanSpeech
import Testing

@Suite struct `A composition` {
    let lengths = (1...30).map { $0 * 1000 }

    @Test func `is the same for the same seed and another for another`() {
        let first = Composition(lengths: self.lengths, options: .init(seed: 7))
        #expect(first == Composition(lengths: self.lengths, options: .init(seed: 7)))
        #expect(
            first.parts.map(\.clip) != Composition(lengths: self.lengths, options: .init(seed: 8)).parts.map(\.clip))
    }

    @Test func `does not change with the version of Swift`() {
        var generator = SeededGenerator(seed: 1)
        #expect(generator.next() == 0x910A_2DEC_8902_5CC1)
        #expect(generator.shuffled([1, 2, 3, 4, 5]) == [1, 2, 4, 3, 5])
    }

    @Test func `puts clips one after the other with the wanted silence between them`() {
        let composition = Composition(lengths: self.lengths, options: .init(pause: 0.5...1))
        #expect(Set(composition.parts.map(\.clip)) == Set(0..<30))
        var end = 0
        for part in composition.parts {
            #expect((8000...16_000).contains(part.silence))
            #expect(part.start == end + part.silence)
            end = part.start + self.lengths[part.clip]
        }
        #expect(composition.length == end + 8000)
    }

    @Test func `keeps the order that was given when it is not to shuffle`() {
        let composition = Composition(lengths: self.lengths, options: .init(shuffles: false))
        #expect(composition.parts.map(\.clip) == Array(0..<30))
    }

    @Test func `is longer silent between chapters only`() {
        let composition = Composition(lengths: self.lengths, options: .init(chapterLength: 10, chapterPause: 3...4))
        let long = composition.parts.indices.filter { composition.parts[$0].silence >= 48_000 }
        #expect(long == [10, 20])
    }

    @Test func `ends with the clip that makes it long enough`() throws {
        let composition = Composition(lengths: self.lengths, options: .init(seconds: 10))
        let last = try #require(composition.parts.last)
        #expect(last.start + self.lengths[last.clip] >= 160_000)
        #expect(last.start - last.silence < 160_000)
    }

    @Test func `of nothing is a moment of silence`() {
        let composition = Composition(lengths: [], options: .init())
        #expect(composition.parts.isEmpty)
        #expect(composition.length == 8000)
    }
}
