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
            queued at once unless --no-queue says otherwise.
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

    @Option(help: "The title of a single address (default: its file's name).")
    var title: String?

    @OptionGroup var server: ServerOptions

    func validate() throws {
        if self.all, self.newest != nil { throw ValidationError("--all and --newest exclude each other.") }
        if self.addsOnly, self.all || self.newest != nil {
            throw ValidationError("--no-queue excludes --all and --newest.")
        }
        if let newest, newest < 1 { throw ValidationError("--newest must be 1 or more.") }
    }

    func run() async throws {
        try await self.server.withServer { admin in
            guard self.what.lowercased().hasPrefix("http://") || self.what.lowercased().hasPrefix("https://") else {
                return try await self.addFiles(admin)
            }
            if self.isAudio || AudioFiles.isAudio(URL(string: self.what)?.path ?? "") {
                let episode = try await admin.addEpisode(AddEpisodeRequest(audioURL: self.what, title: self.title))
                try await self.finish([episode], admin)
            } else {
                try await self.addFeed(admin)
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

    private func addFiles(_ admin: ServerAdmin) async throws {
        var episodes: [EpisodeMessage] = []
        for file in try AudioFiles.find(self.what) {
            episodes.append(try await admin.upload(file))
        }
        try await self.finish(episodes, admin)
    }

    private func finish(_ episodes: [EpisodeMessage], _ admin: ServerAdmin) async throws {
        if !self.addsOnly {
            for episode in episodes { _ = try await admin.queueEpisode(episode.id, priority: 10) }
        }
        try self.server.show(episodes) { episodes in
            episodes.map { "Added episode \($0.id), “\($0.title)”\(self.addsOnly ? "." : ", and queued it.")" }
                .joined(separator: "\n")
        }
    }
}

/// Which files are audio, by their ending; what is really in them, the decoder finds out.
enum AudioFiles {
    private static let endings: Set = [
        "mp3", "m4a", "m4b", "mp4", "ogg", "oga", "opus", "wav", "flac", "aac", "wma", "webm", "mka", "mkv", "mov",
    ]

    static func isAudio(_ path: String) -> Bool {
        self.endings.contains((path as NSString).pathExtension.lowercased())
    }

    /// A file as it is, or a folder's audio files by name.
    ///
    /// - Throws: `.notFound` when there is nothing, or no audio in the folder.
    static func find(_ path: String) throws -> [URL] {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            throw CastError(.notFound, "There is no file or folder \(path). An address must start with https://.")
        }
        let url = URL(fileURLWithPath: path)
        guard isFolder.boolValue else { return [url] }
        let files = try FileManager.default.contentsOfDirectory(at: url, includingPropertiesForKeys: nil)
            .filter { Self.isAudio($0.path) }.sorted { $0.lastPathComponent < $1.lastPathComponent }
        guard !files.isEmpty else {
            throw CastError(
                .notFound,
                "There is no audio in \(path). Endings looked for: \(Self.endings.sorted().joined(separator: ", ")).")
        }
        return files
    }
}
