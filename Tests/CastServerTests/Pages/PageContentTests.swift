import CastCore
import CastServer
import Foundation
import Testing

@Suite struct PageContentTests {
    private let pages: Pages
    private let now = PageExamples.now

    init() throws { self.pages = try PageExamples.pages() }

    // MARK: Overview

    @Test func `an empty server says what to do first`() {
        let html = self.pages.home(HomeView(feeds: [], serverAddress: "http://10.0.0.2:8000"), now: self.now)
        #expect(html.contains("Add your first podcast"))
        #expect(html.contains("<form class=\"add\" method=\"post\" action=\"/feeds\">"))
        #expect(html.contains("cast2md add https://example.org/feed.xml"))
        #expect(html.contains("--server http://10.0.0.2:8000"))
        #expect(html.contains("data-active=\"false\""))
    }

    @Test func `a server with podcasts and nodes says neither`() {
        let html = self.pages.home(PageExamples.home(), now: self.now)
        #expect(!html.contains("Add your first podcast"))
        #expect(!html.contains("cast2md node register"))
        #expect(html.contains("action=\"/feeds\""))
    }

    @Test func `what runs is shown with its progress, place and time`() {
        let html = self.pages.home(PageExamples.home(), now: self.now)
        #expect(html.contains("data-active=\"true\""))
        #expect(html.contains(/<progress max="100" value="40"/))
        #expect(html.contains(/<progress max="100" +data-episode="8" aria-label="Downloading/))
        #expect(html.contains("Transcribing on Text"))
        #expect(html.contains("1 min</span>"))
        #expect(html.contains("about 1 min 30 s left"))
        #expect(html.contains("1 download and 20 transcriptions wait."))
        #expect(html.contains("data-announce=\"Transcribing: Text, 40 percent, and 1 more.\""))
        #expect(html.contains("90× real time"))
    }

    @Test func `numbers and shares are those of all podcasts`() {
        let html = self.pages.home(PageExamples.home(), now: self.now)
        #expect(html.contains("<dt>Episodes</dt><dd>5,000</dd>"))
        #expect(html.contains("<dt>Failed</dt><dd>1</dd>"))
        #expect(html.contains("1 of 5,000 · 1 failed"))
        #expect(html.contains("5 min ago"))
    }

    @Test func `audio that waits for nobody is told apart from an idle server`() {
        var view = PageExamples.home()
        view.running = []
        view.nodes = []
        #expect(self.pages.home(view, now: self.now).contains("no node is there to transcribe it"))
        view.queuedDownloads = 0
        view.queuedTranscriptions = 0
        #expect(self.pages.home(view, now: self.now).contains("Nothing runs, and nothing waits."))
    }

    @Test func `an address that was refused is shown again with the reason`() {
        var view = HomeView(feeds: [], serverAddress: "http://127.0.0.1:8000")
        view.rejected = ("https://example.org/page", "That is a web page.")
        let html = self.pages.home(view, now: self.now)
        #expect(html.contains("value=\"https://example.org/page\""))
        #expect(html.contains("aria-invalid=\"true\""))
        #expect(html.contains("That is a web page."))
    }

    // MARK: Podcast

    @Test(
        arguments: [
            (.new, false, "Transcribe"), (.failed, false, "Try again"), (.audioReady, false, "Transcribe"),
            (.audioReady, true, nil), (.needsAudio, true, nil), (.downloading, false, nil), (.transcribing, false, nil),
            (.completed, false, nil), (.awaitingTranscript, false, nil),
        ] as [(EpisodeState, Bool, String?)])
    func `an episode offers what can be done with it`(state: EpisodeState, isQueued: Bool, action: String?) {
        var view = PageExamples.feed()
        view.episodes = [PageExamples.row(9, "Nine", state, isQueued: isQueued)]
        let html = self.pages.feed(view, now: self.now)
        #expect(html.contains("action=\"/episodes/9/process\"") == (action != nil))
        if let action { #expect(html.contains(">\(action)<span class=\"unseen\">: Nine</span></button>")) }
        #expect(html.contains(">Read<span") == (state == .completed))
    }

    @Test(
        arguments: [(0, nil), (1, "Transcribe the new episode"), (4000, "Transcribe all 4,000 new episodes")]
            as [(Int, String?)])
    func `all new episodes can be queued at once`(count: Int, label: String?) {
        var view = PageExamples.feed()
        view.counts = [.new: count, .completed: 3]
        let html = self.pages.feed(view, now: self.now)
        #expect(html.contains("action=\"/feeds/1/process\"") == (label != nil))
        if let label { #expect(html.contains(label)) }
    }

    @Test func `pages lead to the first, the last and those around`() {
        var view = PageExamples.feed()
        view.search = "a+b & c"
        view.state = .failed
        let html = self.pages.feed(view, now: self.now)
        let numbers = html.matches(of: /Page <\/span>([\d,]+)<\/a>/).map { String($0.1) }
        #expect(numbers == ["1", "5", "6", "7", "8", "9", "200"])
        #expect(html.contains("aria-current=\"page\"><span class=\"unseen\">Page </span>7</a>"))
        #expect(html.contains("rel=\"prev\" href=\"/feeds/1?state=failed&amp;q=a%2Bb%20%26%20c&amp;page=6\""))
        #expect(html.contains("rel=\"next\" href=\"/feeds/1?state=failed&amp;q=a%2Bb%20%26%20c&amp;page=8\""))
        view.page = 1
        view.pageCount = 1
        #expect(!self.pages.feed(view, now: self.now).contains("class=\"pager\""))
    }

    @Test func `states that episodes are in can be chosen`() {
        var view = PageExamples.feed()
        view.state = .failed
        let html = self.pages.feed(view, now: self.now)
        #expect(
            html.contains(
                "<a href=\"/feeds/1?state=failed&amp;q=Text\" aria-current=\"true\">Failed <span class=\"count\">1</span>"
            ))
        #expect(html.contains("/feeds/1?state=new"))
        #expect(!html.contains("state=downloading"))
    }

    @Test func `the feed of single episodes cannot be checked`() {
        var view = PageExamples.feed()
        #expect(self.pages.feed(view, now: self.now).contains("/feeds/1/refresh"))
        view.feedAddress = nil
        #expect(!self.pages.feed(view, now: self.now).contains("/feeds/1/refresh"))
    }

    @Test func `an empty list says why`() {
        var view = FeedView(id: FeedID(1), title: "A", counts: [:], episodes: [])
        #expect(self.pages.feed(view, now: self.now).contains("no episodes with audio yet"))
        view.state = .failed
        #expect(self.pages.feed(view, now: self.now).contains("No episode is in this state now."))
        view.search = "tea"
        #expect(self.pages.feed(view, now: self.now).contains("“tea”"))
        #expect(self.pages.feed(view, now: self.now).contains("role=\"search\""))
    }

    // MARK: Episode

    @Test func `sentences lead to their times, in paragraphs`() {
        var view = PageExamples.episode()
        view.transcript = PageExamples.transcript((0..<130).map { "Sentence \($0)." })
        let html = self.pages.episode(view, now: self.now)
        #expect(html.contains("<a class=\"stamp\" href=\"#t=60.5\" data-t=\"60.5\">1:00</a>"))
        #expect(html.contains("id=\"t=90.75\" href=\"#t=90.75\" data-t=\"90.75\" tabindex=\"-1\">Sentence 3.</a>"))
        #expect(html.contains("data-t=\"3872\" tabindex=\"-1\">Sentence 128.</a>"))
        #expect(html.contains(">1:04:32</a>"))
        #expect(html.matches(of: /class="paragraph"/).count == 65)
        #expect(html.contains("lang=\"en\""))
        #expect(html.contains("Recognised by base, faster-whisper 1.2.1, language: en."))
    }

    @Test func `sentences that nobody divided stand five to a paragraph`() {
        var view = PageExamples.episode()
        view.transcript = PageExamples.transcript((0..<11).map { "\($0)" }, paragraphsOf: 1000)
        #expect(self.pages.episode(view, now: self.now).matches(of: /class="paragraph"/).count == 3)
    }

    @Test func `senseless times do no harm, and equal ones have one name`() {
        var view = PageExamples.episode()
        view.transcript = Transcript(sentences: [
            .init(text: "a", start: .nan, end: 1), .init(text: "b", start: -5, end: 1),
            .init(text: "c", start: 1e300, end: 2), .init(text: "d", start: 0.004, end: 2),
        ])
        let html = self.pages.episode(view, now: self.now)
        #expect(html.matches(of: /href="#t=0" data-t="0" tabindex/).count == 4)
        #expect(html.matches(of: /id="t=0"/).count == 1)
    }

    @Test func `every format can be had, and the audio played`() {
        let html = self.pages.episode(PageExamples.episode(), now: self.now)
        for format in ["md", "txt", "srt", "vtt", "json"] {
            #expect(html.contains("href=\"/api/episodes/7/transcript?format=\(format)\""))
        }
        #expect(html.contains("src=\"/api/episodes/7/audio\""))
        var view = PageExamples.episode(state: .new)
        view.transcript = nil
        view.hasAudio = false
        let empty = self.pages.episode(view, now: self.now)
        #expect(!empty.contains("format=md"))
        #expect(!empty.contains("<audio"))
        #expect(empty.contains("There is no transcript yet."))
    }

    @Test func `silence is said to be silence`() {
        var view = PageExamples.episode()
        view.transcript = Transcript(sentences: [])
        #expect(self.pages.episode(view, now: self.now).contains("Nothing is said in this audio."))
    }

    @Test func `a running episode shows how far it is, and a failed one its history`() {
        var view = PageExamples.episode(state: .transcribing)
        view.transcript = nil
        let running = self.pages.episode(view, now: self.now)
        #expect(running.contains("<progress max=\"100\" value=\"40\" data-episode=\"7\" aria-label=\"Transcribing\">"))
        #expect(running.contains("data-active=\"true\""))
        #expect(!running.contains("<details id=\"attempts\" class=\"about\" open>"))
        view.state = .failed
        let failed = self.pages.episode(view, now: self.now)
        #expect(!failed.contains("<progress"))
        #expect(failed.contains("<details id=\"attempts\" class=\"about\" open>"))
        #expect(failed.contains("data-active=\"false\""))
    }
}
