import ArgumentParser
import CastAPI
import CastClient
import CastCore
import Foundation

struct AddCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add",
        abstract: "Add a feed, one audio address, a file, or a folder of files.",
        discussion: """
            A feed's episodes are only listed unless --newest or --all queues them. Single addresses and files are \
            queued at once unless --no-queue says otherwise. Of a folder, the audio files right in it are taken, by \
            name; those that the server has already are skipped, so that the command can be repeated after a break.
            """
    )

    @Argument(help: "An address (https://…), a file, or a folder.")
    var what: String

    @Flag(name: .customLong("audio"), help: "The address is audio, whatever it looks like.")
    var isAudio = false

    @Option(help: "Queue so many of a feed's newest episodes.")
    var newest: Int?

    @Flag(help: "Queue all of a feed's episodes.")
    var all = false

    @Flag(name: .customLong("no-queue"), help: "Only add; queue nothing.")
    var addsOnly = false

    @Option(help: "The title of a single address or file (default: its file's name).")
    var title: String?

    @OptionGroup var server: ServerOptions

    private enum Kind { case feed, audioAddress, files }

    private var kind: Kind {
        let address = self.what.lowercased()
        guard address.hasPrefix("http://") || address.hasPrefix("https://") else { return .files }
        return self.isAudio || AudioFiles.isAudio(URL(string: self.what)?.path ?? "") ? .audioAddress : .feed
    }

    func validate() throws {
        if self.all, self.newest != nil { throw ValidationError("--all and --newest exclude each other.") }
        if self.addsOnly, self.all || self.newest != nil {
            throw ValidationError("--no-queue excludes --all and --newest.")
        }
        if let newest, newest < 1 { throw ValidationError("--newest must be 1 or more.") }
        if self.kind != .feed, self.all || self.newest != nil {
            throw ValidationError("--all and --newest are for feeds; audio is queued at once.")
        }
        guard self.title != nil else { return }
        if self.kind == .feed { throw ValidationError("--title is for a single address of audio, or a file.") }
        if AudioFiles.isFolder(self.what) {
            throw ValidationError("--title is for one file; a folder's files are titled by their names.")
        }
    }

    func run() async throws {
        try await self.server.withServer { admin in
            switch self.kind {
            case .feed: try await self.addFeed(admin)
            case .audioAddress: try await self.addAddress(admin)
            case .files: try await self.addFiles(admin)
            }
        }
    }

    private func addFeed(_ admin: ServerAdmin) async throws {
        let feed = try await admin.addFeed(self.what)
        var queued = 0
        if self.all || self.newest != nil {
            queued = try await admin.queueFeed(feed.id, newest: self.newest).queued
        }
        try self.server.show(feed) { feed in
            "Added feed \(feed.id), “\(feed.displayTitle)”: \(feed.episodeCount) episodes, \(queued) queued."
                + (queued == 0 ? " Queue some with: cast2md feed queue \(feed.id) --newest 3" : "")
        }
    }

    private func addAddress(_ admin: ServerAdmin) async throws {
        let episode = try await admin.addEpisode(AddEpisodeRequest(audioURL: self.what, title: self.title))
        var outcome = FileIntake.Outcome(source: self.what, episode: episode)
        if !self.addsOnly { outcome.job = try await admin.queueEpisode(episode.id, priority: 10).jobID }
        try self.server.show([outcome]) { $0.map(\.sentence).joined(separator: "\n") }
    }

    private func addFiles(_ admin: ServerAdmin) async throws {
        let title = self.title
        let queue: @Sendable (EpisodeID) async throws -> JobID = {
            try await admin.queueEpisode($0, priority: 10).jobID
        }
        let intake = FileIntake(
            upload: { try await admin.upload($0, title: title) }, queue: self.addsOnly ? nil : queue)
        var outcomes: [FileIntake.Outcome] = []
        // As JSON it is one document, also when a file fails: what was done has to be known.
        defer { if self.server.json { try? self.server.show(outcomes) { _ in "" } } }
        try await intake.take(try AudioFiles.find(self.what)) { outcome in
            outcomes.append(outcome)
            if !self.server.json { print(outcome.sentence) }
        }
    }
}
