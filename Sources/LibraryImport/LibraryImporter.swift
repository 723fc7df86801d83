import CastCore
package import CastStore
package import Foundation
package import Logging

/// Takes over the existing server's library, a batch of episodes at a time.
///
/// Each batch is three steps: its episodes are added, its files are put in place, and then, in one transaction, the
/// episodes are told of their files and their jobs are queued. A kill between any two leaves episodes without files, or
/// files without a name in the database; a repeat finds both and goes on.
package struct LibraryImporter: Sendable {
    package enum Mode: Sendable, Equatable {
        /// Counts only: nothing is put into the storage, and the database is a copy that is thrown away.
        case dryRun
        case copy
        /// Audio gets a second name instead of a copy.
        case link
    }

    let library: OldLibrary
    let oldStorage: OldStorage
    let database: Database
    let storage: StorageFolder
    let mapping: Mapping
    let mode: Mode
    /// Makes a setting of this server, or says why it cannot be.
    let setSetting: @Sendable (_ name: String, _ value: String) async throws -> NotTaken.Reason?
    let logger: Logger
    let now: @Sendable () -> Date

    /// Episodes of one batch.
    static let batchSize = 200
    /// Bytes of audio after which a batch ends early: so much is copied again after a kill at most.
    static let batchAudio: Int64 = 2_000_000_000
    /// Bytes of transcripts after which a batch ends early; they are held in memory, some ten times larger.
    static let batchText: Int64 = 16_000_000

    package init(
        library: OldLibrary, oldStorage: OldStorage, database: Database, storage: StorageFolder, mapping: Mapping,
        mode: Mode, logger: Logger,
        setSetting: @escaping @Sendable (String, String) async throws -> NotTaken.Reason?,
        now: @escaping @Sendable () -> Date = { Date() }
    ) {
        self.library = library
        self.oldStorage = oldStorage
        self.database = database
        self.storage = storage
        self.mapping = mapping
        self.mode = mode
        self.setSetting = setSetting
        self.logger = logger
        self.now = now
    }

    /// Runs to the end; cancelled, it stops between two files, and a repeat goes on.
    package func run() async throws -> ImportReport {
        let rows = try await self.library.snapshot()
        var report = ImportReport(isDryRun: self.mode == .dryRun)
        let head = try Head(rows, storage: self.oldStorage)
        report.episodes.found = head.episodeCount
        try self.oldStorage.check(head.files)
        let feeds = try await self.takeFeeds(head.feeds, &report)
        try await self.takeNodes(head.nodes, &report)
        try await self.takeSettings(head.settings, &report)
        self.count(head, &report)

        var batches = Batches(rows: rows, storage: self.oldStorage)
        var choice = TranscriptChoice()
        var jobs = Dictionary(grouping: head.jobs, by: \.episodeID)
        var done = 0
        while let batch = try batches.next() {
            try Task.checkCancellation()
            try await self.take(batch, feeds: feeds, jobs: &jobs, choice: &choice, &report)
            done += batch.count
            self.logger.info(
                "episodes taken",
                metadata: ["done": "\(done)", "of": "\(head.episodeCount)", "audio.bytes": "\(report.audioBytes)"])
        }
        for job in jobs.values.joined().sorted(by: { $0.id < $1.id }) {
            report.leaveOut(.job, id: "\(job.id)", name: job.kind, .nothingToWorkOn)
        }
        return report
    }

    private func takeFeeds(_ old: [OldFeed], _ report: inout ImportReport) async throws -> [Int64: Feed] {
        report.feeds.found = old.count
        var entries: [ImportStore.FeedEntry] = []
        for feed in old {
            switch self.mapping.feed(feed) {
            case .success(let entry): entries.append(entry)
            case .failure(let reason):
                report.leaveOut(.feed, id: "\(feed.id)", name: Mapping.line(feed.title) ?? feed.url, reason)
            }
        }
        let storage = self.storage
        let placed = try await self.database.imports.addFeeds(
            entries, isFolderTaken: { storage.exists($0) }, at: self.now())
        report.feeds.taken = placed.values.count { $0.isNew }
        report.feeds.present = placed.count - report.feeds.taken
        return placed.mapValues(\.value)
    }

    private func takeNodes(_ old: [OldNode], _ report: inout ImportReport) async throws {
        report.nodes.found = old.count
        var entries: [ImportStore.NodeEntry] = []
        for node in old {
            switch self.mapping.node(node) {
            case .success(let entry): entries.append(entry)
            case .failure(let reason): report.leaveOut(.node, id: node.id, name: node.name, reason)
            }
        }
        let (added, refused) = try await self.database.imports.addNodes(entries, at: self.now())
        report.nodes.taken = added.count
        report.nodes.present = entries.count - added.count - refused.count
        for entry in entries where refused.contains(entry.id) {
            report.leaveOut(.node, id: entry.id.rawValue, name: entry.draft.name, .keyTwice)
        }
    }

    private func takeSettings(_ old: [OldSetting], _ report: inout ImportReport) async throws {
        report.settings.found = old.count
        let present = try await self.database.settings.all()
        for setting in old {
            if present[setting.key] != nil {
                report.settings.present += 1
            } else if let reason = try await self.mapping.isOwnPlace(setting.key)
                ? .ownPlace : self.setSetting(setting.key, setting.value)
            {
                report.leaveOut(.setting, id: setting.key, name: Mapping.shown(setting), reason)
            } else {
                report.settings.taken += 1
            }
        }
    }

    private func count(_ head: Head, _ report: inout ImportReport) {
        report.jobs.found = head.jobs.count
        for finished in head.finished where finished.count > 0 {
            report.leaveOut(
                .job, id: "\(finished.kind), \(finished.status ?? "without a state")",
                name: "\(finished.count) of them",
                .finished)
        }
    }
}

/// Everything but the episodes, which there are few of, and what the episodes come to.
struct Head {
    var feeds: [OldFeed] = []
    var settings: [OldSetting] = []
    var nodes: [OldNode] = []
    var jobs: [OldJob] = []
    var finished: [OldJobCount] = []
    var episodeCount = 0
    var files = OldStorage.Survey()

    init(_ file: RowFile, storage: OldStorage) throws {
        var rows = file.rows()
        while let row = try rows.next() {
            if let episode = row.episode {
                self.episodeCount += 1
                storage.look(for: [episode.audioPath, episode.transcriptPath], &self.files)
            }
            if let feed = row.feed { self.feeds.append(feed) }
            if let setting = row.setting { self.settings.append(setting) }
            if let node = row.node { self.nodes.append(node) }
            if let job = row.job { self.jobs.append(job) }
            if let finished = row.finished { self.finished.append(finished) }
        }
    }
}

/// The episodes, with where their files lie, as many at a time as one transaction takes.
struct Batches {
    /// An episode and what was found of it in the old storage; nil where the old database names no file.
    struct Item: Sendable {
        var old: OldEpisode
        var audio: Result<OldStorage.File, NotTaken.Reason>?
        var transcript: Result<OldStorage.File, NotTaken.Reason>?
    }

    private var rows: RowFile.Rows
    private let storage: OldStorage

    init(rows: RowFile, storage: OldStorage) {
        self.rows = rows.rows()
        self.storage = storage
    }

    mutating func next() throws -> [Item]? {
        var items: [Item] = []
        var (audio, text) = (Int64(0), Int64(0))
        while items.count < LibraryImporter.batchSize, audio < LibraryImporter.batchAudio,
            text < LibraryImporter.batchText, let row = try self.rows.next()
        {
            guard let old = row.episode else { continue }
            let item = Item(old: old, audio: self.audio(of: old), transcript: old.transcriptPath.map(self.storage.find))
            if case .success(let file) = item.audio { audio += file.size }
            if case .success(let file) = item.transcript { text += file.size }
            items.append(item)
        }
        return items.isEmpty ? nil : items
    }

    private func audio(of old: OldEpisode) -> Result<OldStorage.File, NotTaken.Reason>? {
        guard let path = old.audioPath, !path.isEmpty else { return nil }
        if let sharers = old.audioSharers, sharers > 1, old.audioIsAlike != true { return .failure(.fileShared) }
        return self.storage.find(path)
    }
}
