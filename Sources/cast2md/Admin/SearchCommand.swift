import ArgumentParser
import CastAPI
import CastClient
import CastCore
import Foundation

struct SearchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "search", abstract: "Find words in transcripts and titles.",
        discussion: "All words must be there; words in “quotes” must stand together.")
    @Argument(help: "The words.") var words: [String]
    @Option(help: "Only in this feed.") var feed: Int64?
    @Option(help: "At most so many places, 1 to 100.") var limit = 20
    @OptionGroup var server: ServerOptions

    func validate() throws {
        guard (1...100).contains(self.limit) else { throw ValidationError("--limit must be from 1 to 100.") }
    }

    func run() async throws {
        let words = self.words.joined(separator: " ")
        let found = try await self.server.withServer {
            try await $0.search(words, feed: self.feed.map { FeedID($0) }, limit: self.limit)
        }
        try self.server.show(found) { Self.text($0, isTerminal: isatty(STDOUT_FILENO) != 0) }
    }

    private static func text(_ found: WholeSearchResponse, isTerminal: Bool) -> String {
        var lines: [String] = []
        for hit in found.results {
            let title = TerminalText.plain(hit.episodeTitle)
            lines.append("\(title)  (episode \(hit.episodeID), \(TerminalText.plain(hit.feedTitle)))")
            lines.append(
                "  [\(TerminalText.time(hit.segmentStart))] \(TerminalText.snippet(hit.snippet, isTerminal: isTerminal))"
            )
        }
        let more = found.total - found.results.count
        if more > 0 { lines.append("… and \(found.total >= 1000 ? "many" : "\(more)") more (--limit).") }
        if !found.episodes.isEmpty {
            lines.append(lines.isEmpty ? "In titles and descriptions:" : "\nIn titles and descriptions:")
            for episode in found.episodes {
                lines.append(
                    "  \(TerminalText.plain(episode.title))  (episode \(episode.id), \(episode.status.rawValue))")
            }
        }
        return lines.isEmpty ? "Nothing found." : lines.joined(separator: "\n")
    }
}
