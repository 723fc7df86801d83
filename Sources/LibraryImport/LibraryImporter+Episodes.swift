import CastCore
import CastStore
import Foundation

extension LibraryImporter {
    /// Takes one batch of episodes with their files and jobs.
    func take(
        _ batch: [Batches.Item], feeds: [Int64: Feed], jobs: inout [Int64: [OldJob]], choice: inout TranscriptChoice,
        _ report: inout ImportReport
    ) async throws {
        let placed = try await self.place(batch, feeds: feeds, &report)
        let segments = try await self.segments(for: batch)
        var outcomes: [ImportStore.Outcome] = []
        var planned: [OldJob] = []
        var files = self.mode == .dryRun ? nil : FileBatch(storage: self.storage, links: self.mode == .link)
        for item in batch {
            try Task.checkCancellation()
            guard let episode = placed[item.old.id]?.value, let feed = feeds[item.old.feedID] else { continue }
            var outcome = ImportStore.Outcome(episode: episode.id, audio: nil, transcript: nil, jobs: [])
            outcome.transcript = try self.transcript(
                of: item, episode: episode, feed: feed, segments[item.old.id] ?? [], &choice, &files, &report)
            outcome.audio = try self.audio(of: item, episode: episode, feed: feed, &files, &report)
            let old = jobs.removeValue(forKey: item.old.id) ?? []
            outcome.jobs = self.jobs(
                old, hasAudio: outcome.audio != nil || episode.audioPath != nil, hasAddress: episode.audioURL != nil,
                hasPublished: !episode.published.isEmpty,
                &report)
            planned += old.filter { job in outcome.jobs.contains { $0.oldID == job.id } }
            outcomes.append(outcome)
        }
        try files?.install()
        let queued = try await self.database.imports.finish(outcomes, at: self.now())
        report.jobs.taken += queued.count
        for job in planned where !queued.contains(job.id) {
            report.jobs.present += 1
        }
    }

    private func place(
        _ batch: [Batches.Item], feeds: [Int64: Feed], _ report: inout ImportReport
    ) async throws -> [Int64: ImportStore.Placed<Episode>] {
        var entries: [(entry: ImportStore.EpisodeEntry, feed: FeedID)] = []
        for item in batch {
            let mapped = self.mapping.episode(item.old)
            guard let feed = feeds[item.old.feedID] else {
                report.leaveOut(.episode, id: "\(item.old.id)", name: item.old.title, .feedLeftOut)
                continue
            }
            switch mapped {
            case .success(let entry): entries.append((entry, feed.id))
            case .failure(let reason):
                report.leaveOut(.episode, id: "\(item.old.id)", name: item.old.title, reason)
            }
        }
        let placed = try await self.database.imports.addEpisodes(entries, at: self.now())
        let new = placed.values.count { $0.isNew }
        report.episodes.taken += new
        report.episodes.present += placed.count - new
        return placed
    }

    /// What the old search index holds of those whose file is missing, or is shared with others.
    private func segments(for batch: [Batches.Item]) async throws -> [Int64: [OldSegment]] {
        let wanted = batch.filter { item in
            switch item.transcript {
            case nil: false
            case .failure?: true
            case .success?: (item.old.transcriptSharers ?? 1) > 1
            }
        }
        guard !wanted.isEmpty else { return [:] }
        var found: [Int64: [OldSegment]] = [:]
        var rows = try await self.library.segments(wanted.map(\.old.id)).rows()
        while let row = try rows.next() {
            if let segment = row.segment { found[segment.episodeID, default: []].append(segment) }
        }
        return found
    }

    private func transcript(
        of item: Batches.Item, episode: Episode, feed: Feed, _ segments: [OldSegment],
        _ choice: inout TranscriptChoice, _ files: inout FileBatch?, _ report: inout ImportReport
    ) throws -> ImportStore.TakenTranscript? {
        guard let stored = item.old.transcriptPath, let found = item.transcript else { return nil }
        report.transcripts.found += 1
        let isShared = (item.old.transcriptSharers ?? 1) > 1
        let isHere = episode.transcriptPath != nil
        if isHere, !isShared {
            report.transcripts.present += 1
            return nil
        }
        let index = OldTranscript.transcript(of: segments).flatMap { try? OldTranscript.checked($0).get() }
        // Of a shared file the choice is made also where the episode has its transcript: others depend on it.
        let chosen = choice.choose(
            path: stored, isShared: isShared, file: found.flatMap(OldTranscript.read), index: index)
        if isHere {
            report.transcripts.present += 1
            return nil
        }
        var content: Transcript
        switch chosen {
        case .file(let transcript): content = transcript
        case .index(let transcript):
            content = transcript
            report.recoveredTranscripts += 1
        case .none(let reason):
            report.leaveOut(.transcript, id: "\(item.old.id)", name: "\(episode.title) (\(stored))", reason)
            return nil
        }
        let source = Mapping.line(item.old.transcriptSource) ?? "whisper"
        content.source = source == "whisper" ? .node : .publisher
        content.model = Mapping.line(item.old.transcriptModel)
        // Its Parakeet workers wrote “en” below everything, whatever was spoken.
        if let model = content.model, Backend(model: model) == .parakeet { content.language = nil }
        if content.duration == nil { content.duration = episode.duration }
        let path = self.storage.transcriptPath(feed: feed, episode: episode)
        try Self.add(
            content, as: path,
            TranscriptHeader(
                title: episode.title, feed: feed.displayTitle, date: episode.publishedAt, audioURL: episode.audioURL),
            to: &files)
        report.transcripts.taken += 1
        return ImportStore.TakenTranscript(
            path: path, model: content.model, source: source, duration: content.duration,
            transcribedAt: self.mapping.clock.local(item.old.updatedAt))
    }

    /// The Markdown and, beside it, the native form; a dry run has no files.
    private static func add(
        _ transcript: Transcript, as path: String, _ header: TranscriptHeader, to files: inout FileBatch?
    ) throws {
        let native = (path.hasSuffix(".md") ? String(path.dropLast(3)) : path) + ".json"
        let markdown = try TranscriptFormat.md.render(transcript, header: header)
        try files?.add(try TranscriptFormat.encode(transcript), as: native)
        try files?.add(Data(markdown.utf8), as: path)
    }

    private func audio(
        of item: Batches.Item, episode: Episode, feed: Feed, _ files: inout FileBatch?, _ report: inout ImportReport
    ) throws -> (path: String, size: Int64)? {
        guard let found = item.audio else { return nil }
        report.audio.found += 1
        guard episode.audioPath == nil else {
            report.audio.present += 1
            return nil
        }
        switch found {
        case .failure(let reason):
            report.leaveOut(
                .audio, id: "\(item.old.id)", name: "\(episode.title) (\(item.old.audioPath ?? ""))", reason)
            return nil
        case .success(let file):
            let ending = file.path.split(separator: "/").last.flatMap { name in
                name.contains(".") ? name.split(separator: ".").last.map(String.init) : nil
            }
            let path = self.storage.audioPath(feed: feed, episode: episode, fileExtension: ending ?? "mp3")
            do {
                try files?.add(file, as: path)
            } catch let reason as NotTaken.Reason {
                report.leaveOut(.audio, id: "\(item.old.id)", name: "\(episode.title) (\(file.path))", reason)
                return nil
            }
            report.audio.taken += 1
            report.audioBytes += file.size
            return (path, file.size)
        }
    }

    private func jobs(
        _ old: [OldJob], hasAudio: Bool, hasAddress: Bool, hasPublished: Bool, _ report: inout ImportReport
    ) -> [ImportStore.JobEntry] {
        old.compactMap { job in
            switch self.mapping.job(
                job, hasAudio: hasAudio, hasAddress: hasAddress, hasPublished: hasPublished)
            {
            case .success(let entry): return entry
            case .failure(let reason):
                report.leaveOut(.job, id: "\(job.id)", name: "\(job.kind) of episode \(job.episodeID)", reason)
                return nil
            }
        }
    }
}
