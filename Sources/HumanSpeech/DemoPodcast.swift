import CastCore
import Foundation

/// A small podcast of human speech whose every word is known.
package struct DemoPodcast: Sendable, Equatable {
    package struct Episode: Sendable, Codable, Equatable {
        /// Names the audio file and, in the feed, the episode for ever.
        package var id: String
        package var title: String
        package var summary: String
        /// As RSS wants it.
        package var published: String
        package var recording: Recording
        /// Bytes of the audio file.
        package var size: Int

        package init(
            id: String, title: String, summary: String, published: String, recording: Recording, size: Int
        ) {
            self.id = id
            self.title = title
            self.summary = summary
            self.published = published
            self.recording = recording
            self.size = size
        }
    }

    package static let title = "Human Speech"

    package var episodes: [Episode]

    package init(episodes: [Episode]) {
        self.episodes = episodes
    }

    /// Makes the episodes in `<cache>/podcast`, or takes them from there.
    ///
    /// They are made again only when this program has another idea of them.
    package static func make(cache: String) async throws -> DemoPodcast {
        let folder = cache + "/podcast"
        let manifest = URL(filePath: folder + "/episodes.json")
        if let known = try? JSONDecoder().decode(Manifest.self, from: Data(contentsOf: manifest)),
            known.plan == Self.plan, known.episodes.allSatisfy({ $0.hasItsFile })
        {
            return DemoPodcast(episodes: known.episodes)
        }
        let prompts = try await HumanPrompts.load(cache: cache)
        var episodes: [Episode] = []
        for (index, part) in Self.plan.enumerated() {
            let options = Composition.Options(
                seed: UInt64(index + 1), seconds: part.seconds, chapterLength: part.chapterLength)
            let recording = try await prompts.about(part.topics).compose(options, to: "\(folder)/\(part.id).mp3")
            episodes.append(
                Episode(
                    id: part.id, title: part.title, summary: part.summary, published: part.published,
                    recording: recording, size: Self.size(of: recording.path) ?? 0))
        }
        try JSONEncoder().encode(Manifest(plan: Self.plan, episodes: episodes)).write(to: manifest, options: .atomic)
        return DemoPodcast(episodes: episodes)
    }

    fileprivate static func size(of path: String) -> Int? {
        (try? FileManager.default.attributesOfItem(atPath: path))?[.size] as? Int
    }
}

extension DemoPodcast {
    /// What an episode is to be, before there is any audio.
    struct Plan: Codable, Equatable {
        var id: String
        var title: String
        var summary: String
        var published: String
        /// What the names of its prompts begin with.
        var topics: [String]
        var seconds: Double
        var chapterLength: Int
    }

    private struct Manifest: Codable {
        var plan: [Plan]
        var episodes: [Episode]
    }

    static let plan = [
        Plan(
            id: "voicemail", title: "Voicemail", summary: "Everything a mailbox has to say.",
            published: "Mon, 03 Mar 2025 06:00:00 GMT", topics: ["vm"], seconds: 180, chapterLength: 12),
        Plan(
            id: "conference-calls", title: "Conference calls", summary: "Who joins, who leaves, and who is muted.",
            published: "Mon, 10 Mar 2025 06:00:00 GMT", topics: ["conf", "confbridge"], seconds: 170, chapterLength: 10),
        Plan(
            id: "queues-and-agents", title: "Queues & agents",
            summary: "Your call is first in line.", published: "Mon, 17 Mar 2025 06:00:00 GMT",
            topics: ["queue", "agent", "tt", "priv", "privacy", "followme", "transfer", "pls", "please"], seconds: 150,
            chapterLength: 6),
        Plan(
            id: "dialling", title: "Dialling",
            summary: "Directories, wrong numbers, and an echo.",
            published: "Mon, 24 Mar 2025 06:00:00 GMT",
            topics: [
                "demo", "basic", "dictate", "dir", "auth", "check", "number", "cannot", "ss", "invalid", "pbx", "all",
                "enter", "entr", "feature", "speed", "pm", "info", "astcc",
            ], seconds: 150, chapterLength: 6),
    ]
}

extension DemoPodcast.Episode {
    fileprivate var hasItsFile: Bool { self.size > 0 && DemoPodcast.size(of: self.recording.path) == self.size }
}

// MARK: - Feed

extension DemoPodcast {
    /// The feed as RSS 2.0 with iTunes tags.
    ///
    /// - Parameter base: Where it is served: the audio of an episode is at `<base>/audio/<id>.mp3`.
    package func rss(base: String) -> String {
        let items = self.episodes.map { episode in
            """
                <item>
                  <title>\(Self.escaped(episode.title))</title>
                  <description>\(Self.escaped(episode.summary))</description>
                  <guid isPermaLink="false">human-speech-\(episode.id)</guid>
                  <pubDate>\(episode.published)</pubDate>
                  <enclosure url="\(Self.escaped(base))/audio/\(episode.id).mp3" length="\(episode.size)" type="audio/mpeg"/>
                  <itunes:duration>\(Int(episode.recording.duration.rounded()))</itunes:duration>
                  <itunes:explicit>false</itunes:explicit>
                </item>
            """
        }
        return """
            <?xml version="1.0" encoding="UTF-8"?>
            <rss version="2.0" xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd">
              <channel>
                <title>\(Self.title)</title>
                <link>\(Self.escaped(base))/</link>
                <language>en</language>
                <description>Recorded prompts of a telephone system, joined into episodes (CC-BY-SA 3.0).</description>
                <itunes:author>The Asterisk sound packages</itunes:author>
            \(items.joined(separator: "\n"))
              </channel>
            </rss>

            """
    }

    private static func escaped(_ text: String) -> String {
        [("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("\"", "&quot;")].reduce(text) {
            $0.replacing($1.0, with: $1.1)
        }
    }
}
