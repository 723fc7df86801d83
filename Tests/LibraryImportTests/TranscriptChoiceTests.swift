import CastCore
import LibraryImport
import Testing

struct TranscriptChoiceTests {
    private func said(_ texts: String...) -> Transcript {
        Transcript(
            sentences: texts.enumerated().map { .init(text: $1, start: Double($0), end: Double($0 + 1)) },
            source: .node)
    }

    @Test func `a file of one's own is taken, whatever the index says`() {
        var choice = TranscriptChoice()
        let file = self.said("The file.")
        #expect(choice.choose(path: "p", isShared: false, file: .success(file), index: self.said("x")) == .file(file))
    }

    @Test func `a lost file is made up for by the index, if that has a text`() {
        var choice = TranscriptChoice()
        let index = self.said("Remembered.")
        #expect(
            choice.choose(path: "p", isShared: false, file: .failure(.fileMissing), index: index) == .index(index))
        #expect(
            choice.choose(path: "q", isShared: true, file: .failure(.fileEmpty), index: nil) == .none(.fileEmpty))
    }

    @Test func `of those that share a file, one has it, and others have what the index remembers`() {
        var choice = TranscriptChoice()
        let file = self.said("What the last", "one said.")
        let other = self.said("Something else.")
        #expect(
            choice.choose(path: "p", isShared: true, file: .success(file), index: self.said("What the last one said."))
                == .file(file))
        #expect(choice.choose(path: "p", isShared: true, file: .success(file), index: other) == .index(other))
        // The index was made anew from the file: what this one said is lost.
        #expect(choice.choose(path: "p", isShared: true, file: .success(file), index: file) == .none(.overwritten))
        #expect(choice.choose(path: "p", isShared: true, file: .success(file), index: nil) == .none(.overwritten))
        #expect(choice.choose(path: "another", isShared: true, file: .success(file), index: nil) == .file(file))
    }

    @Test func `segments become sentences, without those that have no time or no text`() throws {
        let transcript = try #require(
            OldTranscript.transcript(of: [
                OldSegment(episodeID: 1, start: 2, end: 1, text: " two \n words "),
                OldSegment(episodeID: 1, start: nil, end: 1, text: "lost"),
                OldSegment(episodeID: 1, start: 3, end: .infinity, text: "open"),
                OldSegment(episodeID: 1, start: 4, end: 5, text: "   "),
            ]))
        #expect(transcript.sentences.map(\.text) == ["two words", "open"])
        #expect(transcript.sentences.map(\.end) == [2, 3])
        #expect(OldTranscript.transcript(of: []) == nil)
    }

    @Test(arguments: [-1, 2_000_000, Double.nan])
    func `times that no recording has are refused`(start: Double) {
        let transcript = Transcript(sentences: [.init(text: "x", start: start, end: max(start, 0) + 1)])
        #expect(OldTranscript.checked(transcript) == .failure(.timesImplausible))
    }
}
