import Testing
import Transcription

struct TokenAssemblerTests {
    private static let vocabulary = [
        "<unk>", "▁Hel", "lo", "▁world", ".", "▁", ",", "▁don", "'", "t", "▁?", "▁5", "0", "▁–", "<|en|>", "▁«",
    ]
    private let assembler = TokenAssembler(vocabulary: Self.vocabulary, secondsPerFrame: 0.08)

    /// - Parameter tokens: Piece, frame, duration.
    private func words(_ tokens: [(String, Int, Int)], duration: Double = 30) throws -> [BatchResult.Word] {
        let tokens = try tokens.map { piece, frame, duration in
            SpeechToken(
                id: try #require(Self.vocabulary.firstIndex(of: piece)), frame: frame, duration: duration,
                logProbability: -0.1)
        }
        #expect(self.assembler.fault(in: tokens, duration: duration) == nil)
        return self.assembler.words(of: tokens, duration: duration)
    }

    private func text(_ tokens: [String]) throws -> [String] {
        try self.words(tokens.enumerated().map { ($1, $0, 1) }).map(\.text)
    }

    @Test(arguments: [
        (["▁Hel", "lo", "▁world", "."], ["Hello", "world."]),
        // A cut in a word: the rest of it begins the segment.
        (["lo", "▁world"], ["lo", "world"]),
        (["▁don", "'", "t", ",", "▁Hel", "lo"], ["don't,", "Hello"]),
        // Marks that close belong to the word before, in whatever pieces they come.
        (["▁world", "▁?"], ["world?"]),
        (["▁world", "▁", ","], ["world,"]),
        (["▁", "lo", "▁world"], ["lo", "world"]),
        (["▁5", "0", "▁–", "▁5", "."], ["50", "–", "5."]),
        (["▁«", "lo"], ["«lo"]),
        (["<|en|>", "▁Hel", "<unk>", "lo"], ["Hello"]),
        (["▁", "▁"], []),
        ([], []),
    ])
    func `pieces become words`(pieces: [String], words: [String]) throws {
        #expect(try self.text(pieces) == words)
    }

    @Test func `a word lasts from its first token to the end of its last letters`() throws {
        let words = try self.words([("▁Hel", 10, 2), ("lo", 12, 3), ("▁world", 40, 4), (".", 60, 4)])
        #expect(words.map { Int(($0.start * 100).rounded()) } == [80, 320])
        // The full stop is said late, in the pause; it is not where the word ends.
        #expect(words.map { Int(($0.end * 100).rounded()) } == [120, 352])
    }

    @Test func `a word without length lasts a frame, and none reaches into the next or beyond the segment`() throws {
        let words = try self.words([("▁Hel", 10, 0), ("▁world", 12, 4), ("▁5", 14, 0), ("▁don", 14, 4)], duration: 1.2)
        #expect(words.map { Int(($0.start * 100).rounded()) } == [80, 96, 112, 112])
        #expect(words.map { Int(($0.end * 100).rounded()) } == [88, 112, 112, 120])
    }

    @Test func `the probability of a word is the geometric mean of its letters' tokens`() throws {
        let tokens = [(1, Float(-0.2)), (2, -0.6), (4, -9)].enumerated().map { index, token in
            SpeechToken(id: token.0, frame: index, duration: 1, logProbability: token.1)
        }
        let words = self.assembler.words(of: tokens, duration: 1)
        #expect(words.count == 1)
        #expect(abs((words[0].probability ?? 0) - 0.67032) < 0.0001)
    }

    @Test(arguments: [
        (SpeechToken(id: 16, frame: 5, duration: 1, logProbability: -1), "token"),
        (SpeechToken(id: -1, frame: 5, duration: 1, logProbability: -1), "token"),
        (SpeechToken(id: 1, frame: 1, duration: 1, logProbability: -1), "backwards"),
        (SpeechToken(id: 1, frame: -1, duration: 1, logProbability: -1), "backwards"),
        (SpeechToken(id: 1, frame: 20, duration: 1, logProbability: -1), "in a segment of"),
        (SpeechToken(id: 1, frame: 5, duration: -1, logProbability: -1), "frames"),
        (SpeechToken(id: 1, frame: 5, duration: 1, logProbability: .nan), "probability"),
        (SpeechToken(id: 1, frame: 5, duration: 1, logProbability: -.infinity), "probability"),
        (SpeechToken(id: 1, frame: 5, duration: 1, logProbability: 0.1), "probability"),
    ])
    func `what no recognition can be is said to be none`(token: SpeechToken, reason: String) throws {
        let first = SpeechToken(id: 1, frame: 3, duration: 1, logProbability: -0.1)
        let fault = try #require(self.assembler.fault(in: [first, token], duration: 1))
        #expect(fault.contains(reason))
    }
}
