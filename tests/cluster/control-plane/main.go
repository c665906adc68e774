// A Kubernetes control plane in one program, for the tests: the part that the first argument names is run in this process, with
// the rest of the arguments as its own. One program instead of five, because linking is what costs.
package main

import (
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"go.etcd.io/etcd/server/v3/etcdmain"
	"k8s.io/client-go/util/keyutil"
	"k8s.io/component-base/cli"
	_ "k8s.io/component-base/metrics/prometheus/clientgo" // How the components count their requests.
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllers "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"
	"sigs.k8s.io/kwok/kustomize/crd"
	"sigs.k8s.io/kwok/pkg/config"
	kwok "sigs.k8s.io/kwok/pkg/kwok/cmd"
	"sigs.k8s.io/kwok/pkg/log"
	"sigs.k8s.io/kwok/pkg/utils/signals"
)

func main() {
	if len(os.Args) < 2 {
		fail("say which: etcd, kube-apiserver, kube-controller-manager, kube-scheduler, kwok, key, crd, load")
	}
	name := os.Args[1]
	os.Args = append([]string{name}, os.Args[2:]...)
	switch name {
	case "key":
		makeKey(os.Args[1])
		return
	case "crd":
		_, _ = os.Stdout.Write(crd.Logs)
		return
	case "load":
		load(os.Args[1:])
		return
	}
	go endWithTheTest()
	switch name {
	case "etcd":
		etcdmain.Main(os.Args)
	case "kube-apiserver":
		run(apiserver.NewAPIServerCommand())
	case "kube-controller-manager":
		run(controllers.NewControllerManagerCommand())
	case "kube-scheduler":
		run(scheduler.NewSchedulerCommand())
	case "kwok":
		runKwok()
	default:
		fail("no such part: " + name)
	}
}

// The test holds the other end of this pipe: when it ends, however it ends, so does this.
func endWithTheTest() {
	_, _ = io.Copy(io.Discard, os.Stdin)
	os.Exit(1)
}

func run(command *cobra.Command) {
	os.Exit(cli.Run(command))
}

// Kwok reads its own files before its command line, with flags of their own.
func runKwok() {
	// The others' packages leave flags of their own here, and cobra would take them for kwok's.
	pflag.CommandLine = pflag.NewFlagSet("kwok", pflag.ContinueOnError)
	flags := pflag.NewFlagSet("global", pflag.ContinueOnError)
	flags.ParseErrorsWhitelist.UnknownFlags = true
	flags.Usage = func() {}
	context, _ := log.InitFlags(signals.SetupSignalContext(), flags)
	context, err := config.InitFlags(context, flags)
	check(err)
	command := kwok.NewCommand(context)
	command.PersistentFlags().AddFlagSet(flags)
	check(command.ExecuteContext(context))
}

// The key that signs the tokens of service accounts.
func makeKey(path string) {
	key, err := keyutil.MakeEllipticPrivateKeyPEM()
	check(err)
	check(keyutil.WriteKey(path, key))
}

func fail(why string) {
	fmt.Fprintln(os.Stderr, why)
	os.Exit(1)
}
