import CastCore
import CastStore
import Foundation
import LibraryImport
import Testing

struct OldClockTests {
    private static let berlin = TimeZone(identifier: "Europe/Berlin")

    @Test(arguments: [
        ("1970-01-01T00:00:00", 0.0), ("2026-11-23T23:28:01.699632", 1_795_476_481.699632),
        ("2024-02-29 12:00:00", 1_709_208_000), ("2000-03-01T00:00:00", 951_868_800),
        ("0001-01-01T00:00:00", -62_135_596_800), ("9999-12-31T23:59:59", 253_402_300_799),
    ])
    func `a time without a zone is read exactly`(text: String, seconds: Double) throws {
        let date = try #require(OldClock.utc(text))
        #expect(abs(date.timeIntervalSince1970 - seconds) < 0.000_01)
    }

    @Test(arguments: [
        "", "infinity", "-infinity", "0044-03-15T00:00:00 BC", "2026-13-01T00:00:00", "12026-01-01T00:00:00",
        "2026-01-01",
    ])
    func `what is no time is none`(text: String) {
        #expect(OldClock.utc(text) == nil)
    }

    @Test(arguments: [
        ("2026-01-15T12:00:00", "2026-01-15T11:00:00"), ("2026-07-15T12:00:00", "2026-07-15T10:00:00"),
        // The night in which clocks go back has 02:30 twice, the one in which they go forward has it never.
        ("2026-10-25T02:30:00", "2026-10-25T00:30:00"), ("2026-10-25T03:30:00", "2026-10-25T02:30:00"),
        ("2026-03-29T01:59:59", "2026-03-29T00:59:59"), ("2026-03-29T03:00:00", "2026-03-29T01:00:00"),
    ])
    func `a local time follows summer and winter`(local: String, utc: String) throws {
        let clock = OldClock(zone: try #require(Self.berlin))
        #expect(clock.local(local) == OldClock.utc(utc))
    }

    @Test func `a local time that the change to summer time left out is still a time`() throws {
        let clock = OldClock(zone: try #require(Self.berlin))
        let date = try #require(clock.local("2026-03-29T02:30:00"))
        let around = try #require(OldClock.utc("2026-03-29T01:00:00"))
        #expect(abs(date.timeIntervalSince(around)) <= 1800)
    }
}

struct MappingTests {
    private let mapping = Mapping(
        clock: OldClock(zone: TimeZone(secondsFromGMT: 7200) ?? .gmt), plainText: { $0.replacing("<p>", with: "") },
        plainLine: { $0.replacing("&amp;", with: "&") })

    private func feed(_ change: (inout OldFeed) -> Void = { _ in }) throws -> OldFeed {
        var feed = try JSONDecoder().decode(
            OldFeed.self, from: Data(#"{"id":7,"url":"https://f.example/a.xml","title":"Title"}"#.utf8))
        change(&feed)
        return feed
    }

    private func episode(_ change: (inout OldEpisode) -> Void = { _ in }) throws -> OldEpisode {
        let json = #"{"id":9,"feed_id":7,"guid":"g","title":"T","audio_url":"https://a.example/1.mp3","status":"new"}"#
        var episode = try JSONDecoder().decode(OldEpisode.self, from: Data(json.utf8))
        change(&episode)
        return episode
    }

    private func job(_ change: (inout OldJob) -> Void = { _ in }) throws -> OldJob {
        let json = #"{"id":5,"episode_id":9,"job_type":"transcribe","status":"queued","attempts":2,"max_attempts":10}"#
        var job = try JSONDecoder().decode(OldJob.self, from: Data(json.utf8))
        change(&job)
        return job
    }

    @Test func `a feed keeps its names, its picture and its times`() throws {
        let entry = try self.mapping.feed(
            try self.feed {
                $0.title = " Two\n &amp; lines "
                $0.customTitle = "Mine"
                $0.description = "<p>About"
                $0.imageURL = "https://f.example/i.png"
                $0.link = "javascript:alert(1)"
                $0.categories = #"["News", "", "Tech"]"#
                $0.lastPolled = "2026-07-01T12:00:00"
                $0.createdAt = "2026-01-01T00:00:00"
            }
        ).get()
        #expect(entry.oldID == 7)
        #expect(entry.url == "https://f.example/a.xml")
        #expect(entry.customTitle == "Mine")
        #expect(
            entry.draft
                == FeedDraft(
                    title: "Two & lines", description: "About", imageURL: "https://f.example/i.png",
                    categories: ["News", "Tech"]))
        #expect(entry.lastPolledAt == OldClock.utc("2026-07-01T10:00:00"))
        #expect(entry.createdAt == OldClock.utc("2025-12-31T22:00:00"))
    }

    @Test(arguments: ["ftp://f.example/a.xml", "file:///etc/passwd", "", "https://", "https://a\u{0}b.example/"])
    func `a feed without a web address is not taken`(url: String) throws {
        #expect(self.mapping.feed(try self.feed { $0.url = url }) == .failure(.noWebAddress))
    }

    @Test(arguments: [
        "{", "7", #"{"a": []}"#, String(repeating: "[", count: 100_000), String(repeating: "[", count: 600),
    ])
    func `categories that are no list of texts are none`(json: String) throws {
        #expect(try self.mapping.feed(try self.feed { $0.categories = json }).get().draft.categories == [])
    }

    @Test func `an episode's publication is in UTC, its other times are local`() throws {
        let entry = try self.mapping.episode(
            try self.episode {
                $0.publishedAt = "2026-03-01T10:00:00"
                $0.createdAt = "2026-03-02T10:00:00"
                $0.duration = 90
            }
        ).get()
        #expect(entry.draft.publishedAt == OldClock.utc("2026-03-01T10:00:00"))
        #expect(entry.createdAt == OldClock.utc("2026-03-02T08:00:00"))
        #expect(entry.draft.duration == 90)
        #expect(entry.error == nil)
    }

    @Test(arguments: [-1, Double.infinity, .nan, 1e12])
    func `a length that is none is left out`(duration: Double) throws {
        #expect(try self.mapping.episode(try self.episode { $0.duration = duration }).get().draft.duration == nil)
    }

    @Test func `an address that cannot be fetched is left out, the episode is not`() throws {
        let entry = try self.mapping.episode(try self.episode { $0.audioURL = "javascript:alert(1)" }).get()
        #expect(entry.draft.audioURL == nil)
        #expect(entry.draft.guid == "g")
    }

    @Test(arguments: [
        ("failed", Optional("why"), Optional("why")), ("failed", nil, "It failed."), ("completed", "old fault", nil),
    ])
    func `only a failed episode keeps its fault`(status: String, error: String?, kept: String?) throws {
        let old = try self.episode {
            $0.status = status
            $0.error = error
        }
        #expect(try self.mapping.episode(old).get().error == kept)
    }

    @Test(arguments: ["", "  \n"])
    func `an episode without guid is not taken`(guid: String) throws {
        #expect(self.mapping.episode(try self.episode { $0.guid = guid }) == .failure(.noGuid))
    }

    @Test(arguments: [
        ("transcribe", "queued", true, true, JobKind.transcribe), ("transcribe", "queued", true, false, .transcribe),
        ("transcribe", "running", true, true, .transcribe), ("transcribe", "queued", false, true, .download),
        ("download", "queued", false, true, .download), ("download", "running", false, true, .download),
    ])
    func `an open job is queued as what it needs now`(
        kind: String, status: String, hasAudio: Bool, hasAddress: Bool, expected: JobKind
    ) throws {
        let old = try self.job {
            $0.kind = kind
            $0.status = status
        }
        let entry = try self.mapping.job(old, hasAudio: hasAudio, hasAddress: hasAddress).get()
        #expect(entry.kind == expected)
        #expect(entry.followUp == (expected == .download ? .transcribe : nil))
        #expect(entry.attempts == (status == "running" ? 1 : 2))
    }

    @Test(arguments: [
        ("transcribe", false, false, NotTaken.Reason.nothingToWorkOn), ("download", false, false, .nothingToWorkOn),
        ("embed", true, true, .embedding), ("transcript_download", true, true, .publisherTranscript),
        ("dance", true, true, .unknownKind),
    ])
    func `a job that nobody here can do is not taken`(
        kind: String, hasAudio: Bool, hasAddress: Bool, reason: NotTaken.Reason
    ) throws {
        let old = try self.job { $0.kind = kind }
        #expect(self.mapping.job(old, hasAudio: hasAudio, hasAddress: hasAddress) == .failure(reason))
    }

    @Test func `a publisher's transcript that is known is looked for here`() throws {
        let old = try self.job { $0.kind = "transcript_download" }
        let entry = try self.mapping.job(old, hasAudio: false, hasAddress: true, hasPublished: true).get()
        #expect(entry.kind == .transcriptDownload)
        #expect(entry.followUp == nil)
        let episode = try self.episode {
            $0.transcriptURL = "https://a.example/1.vtt"
            $0.transcriptType = "text/vtt"
        }
        #expect(
            try self.mapping.episode(episode).get().draft.published
                == [PublishedTranscript(url: "https://a.example/1.vtt", type: "text/vtt")])
        #expect(
            try self.mapping.episode(try self.episode { $0.transcriptURL = "file:///x" }).get().draft.published == [])
    }

    @Test(arguments: [(10, 10, 0), (99, 10, 0), (-3, 10, 0), (9, 10, 9), (1, 0, 0)])
    func `a job has a try left, whatever its numbers say`(attempts: Int, maximum: Int, kept: Int) throws {
        let old = try self.job {
            $0.attempts = attempts
            $0.maxAttempts = maximum
        }
        let entry = try self.mapping.job(old, hasAudio: true, hasAddress: true).get()
        #expect(entry.attempts == kept)
        #expect(entry.attempts < entry.maxAttempts)
    }

    @Test func `a node that works on a job may go on with it`() throws {
        let running = try self.job {
            $0.status = "running"
            $0.nodeID = "n"
            $0.claimedAt = "2026-07-01T12:00:00"
        }
        let holder = try self.mapping.job(running, hasAudio: true, hasAddress: true).get().holder
        #expect(holder == .init(node: NodeID("n"), since: OldClock.utc("2026-07-01T10:00:00")))
        // Its audio is gone here: what it works on is not what is queued.
        #expect(try self.mapping.job(running, hasAudio: false, hasAddress: true).get().holder == nil)
        #expect(
            try self.mapping.job(try self.job { $0.nodeID = "n" }, hasAudio: true, hasAddress: true).get().holder == nil
        )
    }

    @Test(arguments: [("n1", "", NotTaken.Reason.noKey), ("local", "k", .reservedName), ("", "k", .reservedName)])
    func `a node that could not sign in is not taken`(id: String, key: String, reason: NotTaken.Reason) throws {
        let json = #"{"id":"\#(id)","name":"N","url":"http://n","api_key":"\#(key)"}"#
        let old = try JSONDecoder().decode(OldNode.self, from: Data(json.utf8))
        #expect(self.mapping.node(old) == .failure(reason))
    }
}
