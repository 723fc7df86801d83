import CastCore
import CastStore
import CastTestSupport
import Foundation
import LibraryImport
import Logging
import Testing

/// The whole import on recorded rows, an old storage of a few files, and a database in memory.
struct ImporterTests {
    private static let now = Date(timeIntervalSince1970: 1_790_000_000)

    /// What a test has in its folder.
    private struct Place {
        let root: URL
        let database: Database
        let storage: StorageFolder
        var rows: [String]
        var segments: [String] = []

        func importer(_ mode: LibraryImporter.Mode = .copy) throws -> LibraryImporter {
            let text = self.rows.joined(separator: "\n")
            let found = self.segments.joined(separator: "\n")
            let library = OldLibrary(
                snapshot: { try RowFile(recorded: text) }, segments: { _ in try RowFile(recorded: found) })
            var logger = Logger(label: "test")
            logger.logLevel = .error
            return LibraryImporter(
                library: library, oldStorage: try OldStorage(path: self.root.path + "/old"), database: self.database,
                storage: self.storage, mapping: Mapping(clock: OldClock(zone: .gmt)), mode: mode, logger: logger,
                setSetting: { [database] name, value in
                    if name.hasPrefix("unknown") { return .unknownSetting }
                    try await database.settings.set([name: value], at: ImporterTests.now)
                    return nil
                },
                now: { ImporterTests.now })
        }

        func write(_ text: String, _ path: String) throws {
            let file = self.root.appendingPathComponent("old/" + path)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: file)
        }

        func files() -> [String] {
            let found = FileManager.default.enumerator(atPath: self.storage.root.path)?.allObjects as? [String] ?? []
            return found.filter { $0.contains(".") }.sorted()
        }
    }

    private static let feed =
        #"{"feed":{"id":7,"url":"https://f.example/a.xml","title":"Show","custom_title":"Mine"}}"#

    private static func episode(
        _ id: Int, title: String = "Talk", status: String = "new", audio: String? = nil, transcript: String? = nil,
        sharers: Int = 1
    ) -> String {
        let audio = audio.map { "\"/app/data/podcasts/\($0)\"" } ?? "null"
        let transcript = transcript.map { "\"/app/data/podcasts/\($0)\"" } ?? "null"
        return """
            {"episode":{"id":\(id),"feed_id":7,"guid":"g\(id)","title":"\(title)","audio_url":"https://a.example/\(id).mp3",\
            "status":"\(status)","published_at":"2026-03-01T10:00:00","audio_path":\(audio),"audio_sharers":1,\
            "transcript_path":\(transcript),"transcript_sharers":\(sharers),"transcript_model":"base",\
            "transcript_source":"whisper"}}
            """
    }

    private func withPlace(_ rows: [String], _ body: (inout Place) async throws -> Void) async throws {
        try await withTemporaryFolder { root in
            var place = Place(
                root: root, database: try Database(inMemory: ()),
                storage: try StorageFolder(path: root.path + "/new"), rows: rows)
            try place.write("sound of one", "audio/Show/1.mp3")
            try place.write("# T\n\n**[00:00]** Hello there.\n", "transcripts/Show/2.md")
            try await body(&place)
        }
    }

    private static let library = [
        Self.feed, Self.episode(1, audio: "audio/Show/1.mp3"),
        Self.episode(2, status: "completed", transcript: "transcripts/Show/2.md"), Self.episode(3, status: "failed"),
    ]

    @Test func `episodes come with their numbers, files and states`() async throws {
        try await self.withPlace(Self.library) { place in
            let report = try await place.importer().run()
            #expect(report.episodes.taken == 3)
            #expect(report.audioBytes == 12)
            let episodes = try await place.database.episodes.list(limit: 10).episodes.sorted {
                $0.id.rawValue < $1.id.rawValue
            }
            #expect(episodes.map(\.id.rawValue) == [1, 2, 3])
            #expect(episodes.map(\.state) == [.audioReady, .completed, .failed])
            // One title on one day, three names.
            #expect(Set(episodes.map(\.stem)).count == 3)
            let audio = try #require(episodes[0].audioPath)
            #expect(try place.storage.read(audio) == Data("sound of one".utf8))
            let text = try #require(episodes[1].transcriptPath)
            #expect(String(decoding: try place.storage.read(text), as: UTF8.self).contains("**[00:00]** Hello there."))
            #expect(try await place.database.feeds.list().map(\.feed.customTitle) == ["Mine"])
        }
    }

    @Test func `a dry run says the same and puts nothing into the storage`() async throws {
        try await self.withPlace(Self.library) { place in
            let rehearsed = try await place.importer(.dryRun).run()
            #expect(place.files() == [])
            let other = Place(
                root: place.root, database: try Database(inMemory: ()), storage: place.storage, rows: place.rows)
            var report = try await other.importer().run()
            report.isDryRun = true
            #expect(report == rehearsed)
        }
    }

    @Test func `a repeat takes what is new and leaves the rest as it is`() async throws {
        try await self.withPlace(Self.library) { place in
            _ = try await place.importer().run()
            let files = place.files()
            let before = try await place.database.episodes.get(EpisodeID(2))
            place.rows.append(Self.episode(4))
            // The old server has another text now; ours stays.
            try place.write("# T\n\n**[00:00]** Something else.\n", "transcripts/Show/2.md")
            let report = try await place.importer().run()
            #expect(report.episodes.taken == 1)
            #expect(report.episodes.present == 3)
            #expect(report.audio.present == 1)
            #expect(place.files() == files)
            let after = try await place.database.episodes.get(EpisodeID(2))
            #expect(after.transcriptPath == before.transcriptPath)
            let text = String(decoding: try place.storage.read(try #require(after.transcriptPath)), as: UTF8.self)
            #expect(text.contains("Hello there."))
        }
    }

    @Test func `a file that was missing the first time comes with a repeat`() async throws {
        try await self.withPlace(Self.library + [Self.episode(4, audio: "audio/Show/4.mp3")]) { place in
            let first = try await place.importer().run()
            #expect(
                first.notTaken == [
                    NotTaken(.audio, id: "4", name: "Talk (/app/data/podcasts/audio/Show/4.mp3)", reason: .fileMissing)
                ])
            try place.write("found again", "audio/Show/4.mp3")
            let second = try await place.importer().run()
            #expect(second.audio.taken == 1)
            #expect(try await place.database.episodes.get(EpisodeID(4)).state == .audioReady)
        }
    }

    @Test func `numbers that are taken here are not taken from anybody`() async throws {
        try await self.withPlace(Self.library) { place in
            let (_, ours) = try await place.database.makeFeed("Ours", episodes: 2, at: Self.now)
            let report = try await place.importer().run()
            #expect(report.episodes.taken == 3)
            for episode in ours {
                #expect(try await place.database.episodes.get(episode.id).title == episode.title)
            }
            #expect(try await place.database.episodes.list(limit: 10).total == 5)
        }
    }

    @Test(arguments: [LibraryImporter.Mode.copy, .link])
    func `what a kill left behind is found and completed`(mode: LibraryImporter.Mode) async throws {
        try await self.withPlace(Self.library) { place in
            _ = try await place.importer(mode).run()
            let files = place.files()
            // As after a kill between the files and the database: the names are there, and nobody knows them.
            let other = Place(
                root: place.root, database: try Database(inMemory: ()), storage: place.storage, rows: place.rows)
            _ = try await other.database.imports.addFeeds(
                [
                    ImportStore.FeedEntry(
                        oldID: 7, url: "https://f.example/a.xml", draft: FeedDraft(title: "Show"), customTitle: nil,
                        lastPolledAt: nil, createdAt: nil)
                ], isFolderTaken: { _ in false }, at: Self.now)
            let report = try await other.importer(mode).run()
            #expect(report.audio.taken == 1)
            #expect(other.files() == files)
            #expect(try await other.database.episodes.get(EpisodeID(1)).audioPath != nil)
        }
    }

    @Test func `a linked file is the old one, and a copied one is not`() async throws {
        for (mode, links) in [(LibraryImporter.Mode.link, 2), (.copy, 1)] {
            try await self.withPlace(Self.library) { place in
                _ = try await place.importer(mode).run()
                let path = try #require(try await place.database.episodes.get(EpisodeID(1)).audioPath)
                let attributes = try FileManager.default.attributesOfItem(atPath: try place.storage.url(of: path).path)
                #expect(attributes[.referenceCount] as? Int == links)
            }
        }
    }

    @Test func `texts that one file lost come back from the search index`() async throws {
        let rows = [
            Self.feed, Self.episode(2, status: "completed", transcript: "transcripts/Show/2.md", sharers: 2),
            Self.episode(1, status: "completed", transcript: "transcripts/Show/2.md", sharers: 2),
        ]
        try await self.withPlace(rows) { place in
            place.segments = [
                #"{"segment":{"episode_id":1,"segment_start":3,"segment_end":5,"text":"Lost and found."}}"#,
                #"{"segment":{"episode_id":2,"segment_start":0,"segment_end":30,"text":"Hello there."}}"#,
            ]
            let report = try await place.importer().run()
            #expect(report.transcripts.taken == 2)
            #expect(report.recoveredTranscripts == 1)
            for (id, said) in [(Int64(1), "**[00:03]** Lost and found."), (2, "**[00:00]** Hello there.")] {
                let path = try #require(try await place.database.episodes.get(EpisodeID(id)).transcriptPath)
                #expect(String(decoding: try place.storage.read(path), as: UTF8.self).contains(said))
            }
        }
    }

    @Test func `a repeat does not give a shared file to a second episode`() async throws {
        let (owner, other) = (
            Self.episode(2, status: "completed", transcript: "transcripts/Show/2.md", sharers: 2),
            Self.episode(1, status: "completed", transcript: "transcripts/Show/2.md", sharers: 2)
        )
        try await self.withPlace([Self.feed, owner]) { place in
            _ = try await place.importer().run()
            place.rows.append(other)
            let report = try await place.importer().run()
            #expect(report.transcripts.present == 1)
            #expect(report.transcripts.taken == 0)
            #expect(report.notTaken.map(\.reason) == [.overwritten])
            #expect(try await place.database.episodes.get(EpisodeID(1)).transcriptPath == nil)
        }
    }

    @Test func `a node signs in with its old key, and goes on with the job that it holds`() async throws {
        let rows =
            Self.library + [
                #"{"node":{"id":"n1","name":"one","url":"http://one","api_key":"its-key","priority":3}}"#,
                """
                {"job":{"id":55,"episode_id":1,"job_type":"transcribe","status":"running","attempts":1,\
                "assigned_node_id":"n1","claimed_at":"2026-07-01T00:00:00"}}
                """,
            ]
        try await self.withPlace(rows) { place in
            let report = try await place.importer().run()
            #expect(report.jobs.taken == 1)
            let node = try await place.database.nodes.authenticate(NodeID("n1"), key: "its-key")
            #expect(node.priority == 3)
            let lost = try await place.database.nodes.heartbeat(
                node.id, .init(currentJobID: JobID(55), claimedJobIDs: [JobID(55)]), beingFetched: [],
                leaseUntil: Self.now + 120, at: Self.now + 1)
            #expect(lost == [])
            guard case .running(let lease) = try await place.database.jobs.get(JobID(55)).state else {
                Issue.record("The job is not the node's.")
                return
            }
            #expect(lease.holder == node.id)
        }
    }

    @Test func `a job is queued once, whatever became of it here`() async throws {
        let job = #"{"job":{"id":55,"episode_id":1,"job_type":"transcribe","status":"queued"}}"#
        try await self.withPlace(Self.library + [job]) { place in
            _ = try await place.importer().run()
            let claim = try await place.database.jobs.claim(
                .transcribe, by: NodeID("x"), attempt: "a", until: Self.now + 60, at: Self.now)
            #expect(claim?.job.id == JobID(55))
            let again = try await place.importer().run()
            #expect(again.jobs.taken == 0)
            #expect(again.jobs.present == 1)
        }
    }

    @Test(arguments: [("url:https://a.example/x.mp3", 0), ("https://a.example/x.mp3", 0), ("another", 1)])
    func `a refresh knows an imported episode again, also one that had no guid`(guid: String, new: Int) async throws {
        let row = Self.episode(1).replacing(#""guid":"g1""#, with: #""guid":"https://a.example/x.mp3""#)
        try await self.withPlace([Self.feed, row]) { place in
            _ = try await place.importer().run()
            let draft = EpisodeDraft(guid: guid, title: "Talk", audioURL: "https://a.example/x.mp3")
            let result = try await place.database.feeds.refresh(
                FeedID(7), draft: FeedDraft(title: "Show"), episodes: [draft], etag: nil, lastModified: nil,
                at: Self.now)
            #expect(result.new.count == new)
            if new == 0 {
                #expect(try await place.database.episodes.get(EpisodeID(1)).guid == guid)
            }
        }
    }

    @Test func `settings come under their names, once, and what is left out is listed without secrets`() async throws {
        let rows = [("fresh_days", "3"), ("unknown_key", "hidden"), ("storage_path", "/app")].map { name, value in
            #"{"setting":{"key":"\#(name)","value":"\#(value)"}}"#
        }
        try await self.withPlace(Self.library + rows) { place in
            let report = try await place.importer().run()
            #expect(try await place.database.settings.all() == ["fresh_days": "3"])
            #expect(
                report.notTaken == [
                    NotTaken(.setting, id: "unknown_key", name: "(not shown)", reason: .unknownSetting),
                    NotTaken(.setting, id: "storage_path", name: "/app", reason: .ownPlace),
                ])
            try await place.database.settings.set(["fresh_days": "9"], at: Self.now)
            #expect(try await place.importer().run().settings.present == 1)
            #expect(try await place.database.settings.all() == ["fresh_days": "9"])
        }
    }

    @Test(arguments: [("parakeet-tdt-0.6b-v3", nil), ("large-v3", Optional("en"))])
    func `a language is believed unless a Parakeet worker wrote it`(model: String, language: String?) async throws {
        let row = Self.episode(2, transcript: "transcripts/Show/2.md").replacing(#""base""#, with: "\"\(model)\"")
        try await self.withPlace([Self.feed, row]) { place in
            try place.write("*Language: en (100.0% confidence)*\n\n**[00:00]** Guten Tag.\n", "transcripts/Show/2.md")
            _ = try await place.importer().run()
            let path = try #require(try await place.database.episodes.get(EpisodeID(2)).transcriptPath)
            let native = try place.storage.read(path.replacing(".md", with: ".json"))
            #expect(try JSONDecoder().decode(Transcript.self, from: native).language == language)
        }
    }

    @Test func `files that an episode has here are not exchanged, whoever asks`() async throws {
        let database = try Database(inMemory: ())
        let (_, episodes) = try await database.makeFeed(at: Self.now)
        let id = try #require(episodes.first?.id)
        for name in ["first", "second"] {
            let transcript = ImportStore.TakenTranscript(
                path: "\(name).md", model: name, source: "whisper", duration: nil, transcribedAt: nil)
            _ = try await database.imports.finish(
                [.init(episode: id, audio: ("\(name).mp3", 7), transcript: transcript, jobs: [])], at: Self.now)
        }
        let episode = try await database.episodes.get(id)
        #expect(episode.transcriptPath == "first.md")
        #expect(episode.audioPath == "first.mp3")
        #expect(episode.transcribedAt == Self.now)
        #expect(episode.state == .completed)
    }

    @Test func `a folder that holds none of many files is refused before anything is taken`() async throws {
        let rows = [Self.feed] + (10..<30).map { Self.episode($0, audio: "audio/Elsewhere/\($0).mp3") }
        try await self.withPlace(rows) { place in
            let importer = try place.importer()
            let error = await #expect(throws: CastError.self) { try await importer.run() }
            #expect(error?.message.contains("Of 20 files that the database names, none is below") == true)
            #expect(try await place.database.feeds.list().isEmpty)
        }
    }

    @Test func `more episodes than one batch come all`() async throws {
        let rows = [Self.feed] + (1...450).map { Self.episode($0, title: "T\($0)") }
        try await self.withPlace(rows) { place in
            let report = try await place.importer().run()
            #expect(report.episodes.taken == 450)
            #expect(try await place.database.episodes.list(limit: 1).total == 450)
        }
    }
}

struct ReportTests {
    @Test func `the report names what is not taken by reason, and says how many more there are`() {
        var report = ImportReport(isDryRun: true)
        report.feeds.found = 3
        report.feeds.taken = 2
        report.feeds.present = 1
        report.audioBytes = 2_500_000_000
        for number in 1...12 { report.leaveOut(.audio, id: "\(number)", name: "Talk", .fileMissing) }
        let text = report.text()
        #expect(text.contains("feeds        2 of 3 would come, 1 here already"))
        #expect(text.contains("2.5 GB"))
        #expect(text.contains("12 × audio: Its file is not in the old storage folder."))
        #expect(text.contains("… and 2 more"))
        #expect(!report.text(longest: nil).contains("more"))
    }

    @Test func `every reason has a sentence of its own`() {
        let sentences = NotTaken.Reason.allCases.map(\.sentence)
        #expect(Set(sentences).count == sentences.count)
        #expect(sentences.allSatisfy { $0.hasSuffix(".") })
    }
}
