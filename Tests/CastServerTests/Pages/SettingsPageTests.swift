import CastCore
import CastServer
import CastStore
import CastTestSupport
import Foundation
import HTTPTypes
import Testing

@Suite struct SettingsPageTests {
    @Test func `every setting is there, with what it means and where it comes from`() async throws {
        try await ServerFixture.run { server in
            let html = try await server.send(.get, "/settings").text
            for setting in SettingCatalog.server {
                #expect(html.contains("id=\"set-\(setting.name)\" name=\"\(setting.name)\""))
                #expect(html.contains("<label for=\"set-\(setting.name)\">"))
            }
            #expect(html.contains("10 to 86,400 · default: 120"))
            #expect(html.contains("Counts from the next start on."))
            #expect(html.contains("<option value=\"true\" selected>On</option>"))
            #expect(!html.contains("id=\"reset-"))
            // Those of pods have a page of their own.
            #expect(!html.contains("set-runpod_"))
            #expect(html.contains("href=\"/settings/runpod\""))
        }
    }

    @Test func `only what was changed is stored, and it can be taken back`() async throws {
        try await ServerFixture.run { server in
            let saved = try await server.send(
                .post, "/settings", "lease_seconds=300&fresh_days=7&publisher_transcripts=false&public_url=")
            #expect(saved.status == 303)
            let kept = try await server.parts.database.settings.all()
            #expect(kept == ["lease_seconds": "300", "publisher_transcripts": "false"])
            #expect(server.parts.configuration.leaseLength == 300)
            let html = try await server.send(.get, try #require(saved.headers[.location])).text
            #expect(html.contains("Saved. It counts from now on."))
            #expect(html.matches(of: /badge good">Saved/).count == 2)
            #expect(html.contains("default: 120 · set here"))
            #expect(html.contains("<option value=\"false\" selected>Off</option>"))
            _ = try await server.send(.post, "/settings/reset", "name=lease_seconds")
            _ = try await server.send(.post, "/settings", "publisher_transcripts=")
            #expect(try await server.parts.database.settings.all().isEmpty)
            #expect(server.parts.configuration.leaseLength == 120)
        }
    }

    @Test func `a wrong value is shown beside its field as it was typed, and nothing is stored`() async throws {
        try await ServerFixture.run { server in
            let answer = try await server.send(
                .post, "/settings", "lease_seconds=%22soon%3E&fresh_days=999&feed_refresh_minutes=5")
            #expect(answer.status == 400)
            #expect(answer.text.contains("value=\"&quot;soon&gt;\""))
            #expect(answer.text.contains("<p id=\"problem-lease_seconds\" class=\"bad sub\">LEASE_SECONDS is “"))
            #expect(answer.text.contains("<p id=\"problem-fresh_days\""))
            #expect(answer.text.contains("Nothing is saved: 2 values cannot be taken."))
            #expect(answer.text.contains("name=\"feed_refresh_minutes\" value=\"5\""))
            #expect(try await server.parts.database.settings.all().isEmpty)
        }
    }

    @Test func `what counts only after a restart says so`() async throws {
        try await ServerFixture.run { server in
            let saved = try await server.send(.post, "/settings", "max_concurrent_downloads=8")
            let html = try await server.send(.get, try #require(saved.headers[.location])).text
            #expect(html.contains("Saved. “Downloads at once” counts from the next start on."))
            #expect(try await server.send(.post, "/settings/reset", "name=nothing").status == 404)
        }
    }

    @Test func `a podcast's settings are taken together, or not at all`() async throws {
        try await ServerFixture.run { server in
            let (feed, _) = try await server.parts.database.makeFeed(at: server.time.now)
            let address = "/feeds/\(feed.id)/settings"
            let saved = try await server.send(
                .post, address, "language=DE&model=+large-v3+&auto_queue=all&publisher_transcripts=false")
            #expect(saved.status == 303)
            var kept = try await server.parts.database.feeds.get(feed.id)
            #expect(kept.language == "de" && kept.options.model == "large-v3")
            #expect(kept.options.autoQueue == .all && !kept.options.takesPublished)
            let wrong = try await server.send(.post, address, "language=german&model=x&auto_queue=new")
            #expect(wrong.status == 400)
            #expect(wrong.text.contains("<details id=\"feed-settings\" class=\"about options\" open>"))
            #expect(wrong.text.contains("name=\"language\" value=\"german\""))
            #expect(wrong.text.contains("“german” is not a language"))
            #expect(try await server.send(.post, address, "auto_queue=sometimes").status == 400)
            kept = try await server.parts.database.feeds.get(feed.id)
            #expect(kept.language == "de" && kept.options.model == "large-v3")
            _ = try await server.send(.post, address, "language=&model=&auto_queue=none&publisher_transcripts=true")
            kept = try await server.parts.database.feeds.get(feed.id)
            #expect(kept.language == nil && kept.options.model == nil && kept.options.takesPublished)
        }
    }
}
