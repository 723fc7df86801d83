import Foundation
import FoundationXML
import HumanSpeech
import Testing

@Suite struct `The demo podcast` {
    @Test(.timeLimit(.minutes(2))) func `has episodes of one to four minutes, made once`() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "demo-podcast-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let podcast = try await DemoPodcast.make(cache: folder)
        #expect(podcast.episodes.count >= 3)
        for episode in podcast.episodes {
            #expect((60...240).contains(episode.recording.duration), "\(episode.title)")
            let gaps = zip(episode.recording.placements.dropFirst(), episode.recording.placements).map {
                $0.start - $1.end
            }
            #expect(gaps.count { $0 >= 2.5 } >= 2, "chapters in \(episode.title)")
        }
        let files = podcast.episodes.map { URL(filePath: $0.recording.path) }
        let modified = { (file: URL) in
            try FileManager.default.attributesOfItem(atPath: file.path)[.modificationDate] as? Date
        }
        let made = try files.map(modified)
        #expect(try await DemoPodcast.make(cache: folder) == podcast)
        #expect(try files.map(modified) == made)

        try FileManager.default.removeItem(at: files[1])
        #expect(try await DemoPodcast.make(cache: folder) == podcast)
        #expect(FileManager.default.fileExists(atPath: files[1].path))
    }

    @Test func `is a feed that can be parsed`() throws {
        let podcast = DemoPodcast(episodes: [
            .init(
                id: "one", title: "Queues & <agents>", summary: "\"Hold\"", published: "Mon, 17 Mar 2025 06:00:00 GMT",
                recording: Recording(path: "one.mp3", duration: 61.6, placements: []), size: 1234)
        ])
        let feed = Feed()
        let parser = XMLParser(data: Data(podcast.rss(base: "http://127.0.0.1:1?a&b").utf8))
        parser.delegate = feed
        #expect(parser.parse())
        #expect(feed.texts["title"] == ["Human Speech", "Queues & <agents>"])
        #expect(feed.texts["itunes:duration"] == ["62"])
        #expect(feed.texts["guid"] == ["human-speech-one"])
        #expect(
            feed.enclosure == [
                "url": "http://127.0.0.1:1?a&b/audio/one.mp3", "length": "1234", "type": "audio/mpeg",
            ])
    }
}

private final class Feed: NSObject, XMLParserDelegate {
    var texts: [String: [String]] = [:]
    var enclosure: [String: String] = [:]
    private var text = ""

    func parser(
        _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
        attributes: [String: String]
    ) {
        self.text = ""
        if name == "enclosure" { self.enclosure = attributes }
    }

    func parser(_ parser: XMLParser, foundCharacters string: String) { self.text += string }

    func parser(_ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?) {
        self.texts[name, default: []].append(self.text)
    }
}
