// A Google Cloud Storage in memory, on loopback: fake-gcs-server, which answers only those who signed in.
package main

import (
	"bytes"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"

	"github.com/fsouza/fake-gcs-server/fakestorage"
)

const (
	token  = "signed-in"
	answer = `{"access_token": "%s", "expires_in": 3600, "issued_token_type": "access_token", "token_type": "Bearer"}`
)

var part = []byte("Content-Type: application/http")

// withContentIds names the parts of a batch, as the server wants it. Google's client for Python leaves the names out.
func withContentIds(request *http.Request) error {
	body, err := io.ReadAll(request.Body)
	body = bytes.ReplaceAll(body, part, append([]byte("Content-ID: <part>\n"), part...))
	request.Body, request.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	return err
}

func main() {
	here := "127.0.0.1:" + os.Args[1]
	server, err := fakestorage.NewServerWithOptions(
		fakestorage.Options{NoListener: true, PublicHost: here, ExternalURL: "http://" + here},
	)
	if err != nil {
		log.Fatal(err)
	}
	http.HandleFunc("/token", func(writer http.ResponseWriter, _ *http.Request) {
		writer.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(writer, answer, token)
	})
	http.HandleFunc("/", func(writer http.ResponseWriter, request *http.Request) {
		if request.Header.Get("Authorization") != "Bearer "+token {
			http.Error(writer, `{"error": {"message": "Nobody signed in."}}`, http.StatusUnauthorized)
			return
		}
		if request.URL.Path == "/batch/storage/v1" {
			if err := withContentIds(request); err != nil {
				log.Print(err)
			}
		}
		server.HTTPHandler().ServeHTTP(writer, request)
	})
	log.Fatal(http.ListenAndServe(here, nil))
}
