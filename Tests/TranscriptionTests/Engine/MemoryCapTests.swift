import CastTestSupport
import Foundation
import Testing
import Transcription

struct MemoryCapTests {
    private let now = Date(timeIntervalSince1970: 1_800_000_000)

    @Test func `what does not fit is halved, again and again`() {
        var cap = MemoryCap()
        #expect(cap.current == nil)
        cap.refuse(1600, half: 800, at: self.now)
        #expect(cap.current == 800)
        // An answer that was on its way.
        cap.refuse(1600, half: 800, at: self.now)
        #expect(cap.current == 800)
        cap.refuse(790, half: 395, at: self.now)
        #expect(cap.current == 395)
        #expect(cap.record == .init(cap: 395, learnedAt: self.now))
    }

    @Test func `what was learned holds for a day, then a quarter more is tried`() {
        let record = MemoryCap.Record(cap: 800, learnedAt: self.now)
        #expect(MemoryCap(record, now: self.now + 3600).current == 800)
        #expect(MemoryCap(record, now: self.now + 90_000).current == 1000)
    }

    @Test func `a try that fails brings the old cap back, and one that goes well makes a new one`() {
        let record = MemoryCap.Record(cap: 800, learnedAt: self.now)
        let later = self.now + 90_000
        var failed = MemoryCap(record, now: later)
        failed.refuse(980, half: 490, at: later)
        #expect(failed.current == 800)
        #expect(failed.record == .init(cap: 800, learnedAt: later))

        var passed = MemoryCap(record, now: later)
        let isNewForLess = passed.accept(790, at: later)
        #expect(!isNewForLess)
        let isNew = passed.accept(980, at: later)
        #expect(isNew)
        #expect(passed.record == .init(cap: 980, learnedAt: later))
    }

    @Test func `a book keeps what it is told, and one that is damaged is empty`() async throws {
        try await withTemporaryFolder { folder in
            let path = folder.appending(path: "memory.json").path
            let book = MemoryBook(path: path)
            #expect(book.record(for: "card") == nil)
            book.remember(.init(cap: 812.5, learnedAt: self.now), for: "card")
            book.remember(.init(cap: 3, learnedAt: self.now), for: "other card")
            #expect(MemoryBook(path: path).record(for: "card") == .init(cap: 812.5, learnedAt: self.now))
            try Data("{".utf8).write(to: URL(filePath: path))
            #expect(book.record(for: "card") == nil)
            book.remember(.init(cap: 4, learnedAt: self.now), for: "card")
            #expect(book.record(for: "card")?.cap == 4)
        }
    }
}
