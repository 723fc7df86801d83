import CastCore
import CastStore
import CastTestSupport
import Foundation
import Testing

@Suite struct SearchIndexTests {
    private let index: SearchIndex
    private let day = Date(timeIntervalSince1970: 1_700_000_000)

    init() throws { self.index = try SearchIndex(inMemory: ()) }

    private func document(
        _ id: Int64, feed: Int64 = 1, title: String = "Title", _ sentences: [String], at date: Date? = nil
    ) -> SearchIndex.Document {
        let transcript = Transcript(
            sentences: sentences.enumerated().map { index, text in
                Transcript.Sentence(text: text, start: Double(index) * 5, end: Double(index) * 5 + 4)
            })
        return SearchIndex.Document(
            episode: EpisodeID(id), feed: FeedID(feed), title: title, description: "About \(title)",
            publishedAt: date ?? self.day, passages: Passage.all(of: transcript))
    }

    @Test func `a hit names the sentence's time and shows its words`() async throws {
        try await self.index.update(
            [self.document(7, ["Hello.", "The Übergang was long.", "Nobody <saw> it."])], removing: [])
        let (hits, total) = try await self.index.passages(SearchQuery("ubergang"), limit: 10)
        #expect(total == 1)
        #expect(hits.first?.episode == EpisodeID(7))
        #expect(hits.first?.start == 5)
        let shown = Snippet.html(try #require(hits.first).snippet)
        #expect(shown.contains("The <mark>Übergang</mark> was long. Nobody &lt;saw&gt; it."))
    }

    @Test func `the best hit comes first, and filters narrow it down`() async throws {
        let filler = (0..<30).map { "Something else number \($0) is said here." }
        try await self.index.update(
            [
                self.document(1, feed: 1, filler + ["One whale."]),
                self.document(2, feed: 2, ["Whale, whale, whale!"], at: self.day + 86_400 * 10),
                self.document(3, feed: 12, ["A whale again."], at: self.day + 86_400 * 20),
            ], removing: [])
        let all = try await self.index.passages(SearchQuery("whale"), limit: 10)
        #expect(all.hits.first?.episode == EpisodeID(2))
        #expect(all.total == 3)
        let ofFeed = try await self.index.passages(SearchQuery("whale"), .init(feed: FeedID(1)), limit: 10)
        #expect(ofFeed.hits.map(\.episode) == [EpisodeID(1)])
        let since = try await self.index.passages(
            SearchQuery("whale"), .init(from: self.day + 86_400 * 5, until: self.day + 86_400 * 15), limit: 10)
        #expect(since.hits.map(\.episode) == [EpisodeID(2)])
        let second = try await self.index.passages(SearchQuery("whale"), limit: 1, offset: 1)
        #expect(second.hits.count == 1 && second.hits != Array(all.hits.prefix(1)))
    }

    @Test func `an episode that is indexed again is there once, and one that is gone is not`() async throws {
        try await self.index.update([self.document(1, ["old words"]), self.document(2, ["other words"])], removing: [])
        try await self.index.update([self.document(1, ["new words"])], removing: [EpisodeID(2)])
        #expect(try await self.index.passages(SearchQuery("old"), limit: 9).total == 0)
        #expect(try await self.index.passages(SearchQuery("words"), limit: 9).hits.map(\.episode) == [EpisodeID(1)])
        #expect(try await self.index.size() == (1, 1))
    }

    @Test func `titles are found before descriptions`() async throws {
        try await self.index.update(
            [self.document(1, title: "Nothing about it", []), self.document(2, title: "Harbour", [])], removing: [])
        let found = try await self.index.episodes(SearchQuery("harb"), limit: 10)
        #expect(found.episodes == [EpisodeID(2)])
        #expect(try await self.index.passages(of: EpisodeID(2), SearchQuery("harbour"), limit: 5).isEmpty)
    }

    @Test(arguments: ["\"", "a AND", "NEAR(", "title:x", "f1", "*", "x OR OR y", String(repeating: "(", count: 500)])
    func `nothing that is typed is an error`(text: String) async throws {
        try await self.index.update([self.document(1, ["plain words"])], removing: [])
        _ = try await self.index.passages(SearchQuery(text), .init(feed: FeedID(1)), limit: 5)
        _ = try await self.index.episodes(SearchQuery(text), limit: 5)
    }

    @Test func `a damaged file, or one of another form, is made anew`() throws {
        try withTemporaryFolderSync { folder in
            let path = folder.appendingPathComponent("search.db").path
            try Data("this is not a database, and long enough to be looked at".utf8).write(
                to: URL(fileURLWithPath: path))
            let index = try SearchIndex(path: path)
            #expect(index.isNew)
            try index.close()
            let again = try SearchIndex(path: path)
            #expect(!again.isNew)
            try again.close()
        }
    }

    private func withTemporaryFolderSync(_ body: (URL) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("cast2md-test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try body(folder)
    }
}
