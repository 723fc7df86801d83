import CastCore
import CastServer
import Foundation
import Testing

@Suite struct PageTests {
    @Test(arguments: ["\"><script>alert(1)</script>", "' onload='alert(1)", "{{title}}{{{title}}}", "&lt;b&gt;&"])
    func `what comes from outside stays text`(text: String) throws {
        let escaped = text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
            .replacing("\"", with: "&quot;").replacing("'", with: "&#39;")
        for (name, html) in try PageExamples.all(text) where name != "first home" {
            #expect(html.contains(escaped), "\(name)")
            // Braces have nothing to escape; the other texts may stand nowhere as they are.
            if escaped != text { #expect(!html.contains(text), "\(name)") }
        }
    }

    @Test func `a link from outside leads to the web or nowhere`() throws {
        var feed = PageExamples.feed()
        feed.link = "javascript:alert(1)"
        feed.feedAddress = "data:text/html,x"
        var episode = PageExamples.episode()
        episode.link = "JavaScript:alert(1)"
        let pages = try PageExamples.pages()
        for html in [pages.feed(feed, now: PageExamples.now), pages.episode(episode, now: PageExamples.now)] {
            #expect(!html.lowercased().contains("javascript:"))
            #expect(!html.contains("data:text"))
        }
    }

    @Test func `nothing is inline and nothing comes from other hosts`() throws {
        for (name, html) in try PageExamples.all("Text") {
            #expect(!html.contains(/\son[a-z]+\s*=/), "\(name)")
            #expect(!html.contains(/<[^>]*\sstyle\s*=/), "\(name)")
            #expect(!html.contains("<style"), "\(name)")
            #expect(html.matches(of: /<script\b[^>]*>/).allSatisfy { $0.0.contains("src=\"/assets/") }, "\(name)")
            #expect(!html.contains(/(?:src|action)="(?!\/)/), "\(name)")
            #expect(html.matches(of: /<link\b[^>]*href="([^"]*)"/).allSatisfy { $0.1.hasPrefix("/assets/") }, "\(name)")
        }
    }

    @Test func `every page is whole: its elements close in order, its names are there once`() throws {
        let void: Set<Substring> = ["meta", "link", "input", "rect", "path", "br"]
        for (name, html) in try PageExamples.all("Text") {
            var open: [Substring] = []
            for tag in html.matches(of: /<(\/?)([a-z0-9]+)\b[^>]*>/) where !void.contains(tag.2) {
                if tag.1.isEmpty { open.append(tag.2) } else { #expect(open.popLast() == tag.2, "\(name)") }
            }
            #expect(open.isEmpty, "\(name): \(open)")
            let names = html.matches(of: /\sid="([^"]*)"/).map { $0.1 }
            #expect(Set(names).count == names.count, "\(name)")
            #expect(html.hasPrefix("<!doctype html>"), "\(name)")
            // What a template shows of a value that is not there.
            #expect(!html.contains(/>\s*false\s*</), "\(name)")
            #expect(!html.contains("Optional("), "\(name)")
        }
    }

    @Test func `what is labelled has its label, and what is described its description`() throws {
        for (name, html) in try PageExamples.all("Text") {
            let names = Set(html.matches(of: /\sid="([^"]*)"/).map { $0.1 })
            for reference in html.matches(of: /\s(?:for|aria-labelledby|aria-describedby)="([^"]*)"/) {
                for one in reference.1.split(separator: " ") { #expect(names.contains(one), "\(name): \(one)") }
            }
            let count = html.matches(of: /<progress\b/).count
            #expect(html.matches(of: /<progress\b[^>]*aria-label="[^"]+"/).count == count, "\(name)")
        }
    }

    @Test func `a broken template shows at start`() throws {
        var templates = PageFiles.templates
        #expect(throws: Never.self) { try Pages(templates: templates) }
        let home = try #require(templates["home"])
        for broken in ["{{#a}}", "{{>absent}}", "{{{a}}}", "{{& a}}"] {
            templates["home"] = home + broken
            #expect(throws: CastError.self, "\(broken)") { try Pages(templates: templates) }
        }
        templates["home"] = nil
        #expect(throws: CastError.self) { try Pages(templates: templates) }
    }

    @Test func `assets are found by name, with an address that changes with them`() throws {
        let html = try PageExamples.pages().error(status: 404, sentence: "x")
        for (name, type) in [("app.css", "text/css"), ("app.js", "text/javascript"), ("icon.svg", "image/svg+xml")] {
            let asset = try #require(PageFiles.asset(name))
            #expect(asset.contentType.hasPrefix(type))
            #expect(!asset.bytes.isEmpty)
            #expect(html.contains("/assets/\(name)?v=\(asset.hash)\""))
        }
        #expect(PageFiles.asset("home.mustache") == nil)
        #expect(PageFiles.asset("../app.css") == nil)
    }

    @Test func `the script listens to everything that the server tells`() throws {
        let asset = try #require(PageFiles.asset("app.js"))
        let script = String(decoding: asset.bytes, as: UTF8.self)
        for kind in Event.Kind.allCases { #expect(script.contains("\"\(kind.rawValue)\""), "\(kind.rawValue)") }
        #expect(script.contains("\"job.progress\""))
    }

    @Test func `every page leads to the others and to the search`() throws {
        for (name, html) in try PageExamples.all("Text") {
            #expect(html.matches(of: /<form[^>]*action="\/search"/).count == 1, "\(name)")
            #expect(html.contains("href=\"/queue\"") && html.contains("href=\"/settings\""), "\(name)")
            #expect(html.matches(of: /<h1\b/).count == 1, "\(name)")
        }
    }

    @Test(arguments: [
        (404, "Nothing here"), (403, "Not allowed"), (422, "That did not work"), (500, "Something broke"),
    ])
    func `an error says what happened`(status: Int, heading: String) throws {
        let html = try PageExamples.pages().error(status: status, sentence: "Episode not found")
        #expect(html.contains("<h1>\(heading)</h1>"))
        #expect(html.contains("Episode not found"))
        #expect(html.contains("\(status)"))
    }
}
